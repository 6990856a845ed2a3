"""The CSS that may stand in a mail: nothing here can run, fetch over plain HTTP, or overlay."""

from domain.content.names import names

PROPERTIES = names(
    "align-content align-items align-self animation aspect-ratio background"
    " background-attachment background-clip background-color background-image"
    " background-origin background-position background-position-x background-position-y"
    " background-repeat background-size border border-collapse border-spacing bottom"
    " box-shadow box-sizing caption-side clear color color-scheme column-count column-gap"
    " columns content cursor direction display empty-cells fill flex flex-basis flex-direction"
    " flex-flow flex-grow flex-shrink flex-wrap float font font-display font-family"
    " font-feature-settings font-kerning font-size font-size-adjust font-stretch font-style"
    " font-variant font-weight gap height hyphens justify-content justify-items left"
    " letter-spacing line-break line-height list-style list-style-image list-style-position"
    " list-style-type margin max-height max-width min-height min-width object-fit"
    " object-position opacity order orphans outline outline-color outline-offset outline-style"
    " outline-width overflow overflow-wrap overflow-x overflow-y padding page-break-after"
    " page-break-before page-break-inside position quotes right row-gap src"
    " supported-color-schemes tab-size table-layout text-align text-align-last text-decoration"
    " text-decoration-color text-decoration-line text-decoration-style"
    " text-decoration-thickness text-indent text-overflow text-rendering text-shadow"
    " text-size-adjust text-transform text-underline-offset text-underline-position text-wrap"
    " top transform transform-origin transition unicode-bidi unicode-range vertical-align"
    " visibility white-space widows width word-break word-spacing word-wrap writing-mode"
    " z-index zoom"
)
PROPERTY_PREFIXES = (
    "border-",
    "margin-",
    "padding-",
    "mso-",
    "-webkit-text-",
    "-webkit-font-smoothing",
    "-webkit-border-",
    "-webkit-box-shadow",
    "-webkit-hyphens",
    "-moz-text-size-adjust",
    "-moz-osx-font-smoothing",
    "-moz-border-radius",
    "-moz-hyphens",
    "-ms-text-size-adjust",
    "-premailer-",
    "-ms-interpolation-mode",
    "-ms-hyphens",
)
FUNCTIONS = names(
    "rgb rgba hsl hsla calc min max clamp linear-gradient radial-gradient"
    " repeating-linear-gradient repeating-radial-gradient translate translatex translatey scale"
    " scalex scaley rotate skew matrix format local cubic-bezier steps counter counters"
)
AT_RULES = names("media supports font-face")
POSITIONS = names("static relative inherit initial unset")
