import { html } from "@codemirror/lang-html";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { indentWithTab } from "@codemirror/commands";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";

import { nonce } from "@/lib/nonce";

/** Colours of the tokens: CodeMirror's own fail the contrast that text needs. */
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: "var(--link)" },
  { tag: tags.attributeName, color: "var(--warn)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--good)" },
  { tag: tags.comment, color: "var(--muted-foreground)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.propertyName], color: "var(--info)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "0.8125rem", backgroundColor: "var(--surface)", color: "var(--foreground)" },
  ".cm-scroller": { fontFamily: "var(--font-mono, monospace)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--foreground)" },
  ".cm-cursor": { borderLeftColor: "var(--foreground)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted-foreground)", borderRight: "1px solid var(--border)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--surface-2)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { backgroundColor: "var(--accent) !important" },
  "&.cm-focused": { outline: "2px solid var(--ring)", outlineOffset: "-2px" },
  ".cm-panels": { backgroundColor: "var(--surface-2)", color: "var(--foreground)" },
});

export type EditorHandle = { insert: (text: string) => void; goTo: (line: number) => void };

/** HTML with colours and line numbers. Esc then Tab leaves it: Tab indents (WCAG 2.1.2). */
export function HtmlEditor({ value, onChange, label, ref }: { value: string; onChange: (value: string) => void; label: string; ref?: Ref<EditorHandle> }) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  useEffect(() => {
    changed.current = onChange;
  });
  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          basicSetup,
          html(),
          syntaxHighlighting(colours),
          look,
          keymap.of([indentWithTab]),
          EditorView.lineWrapping,
          EditorView.cspNonce.of(nonce),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // oxlint-disable-next-line react/exhaustive-deps -- made once; later values come from outside below
  }, []);
  useEffect(() => {
    const made = view.current;
    if (made && made.state.doc.toString() !== value) made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value } });
  }, [value]);
  useImperativeHandle(ref, () => ({
    insert: (text) => {
      const made = view.current;
      if (!made) return;
      made.dispatch(made.state.replaceSelection(text));
      made.focus();
    },
    goTo: (line) => {
      const made = view.current;
      if (!made || line < 1 || line > made.state.doc.lines) return;
      made.dispatch({ selection: { anchor: made.state.doc.line(line).from }, scrollIntoView: true });
      made.focus();
    },
  }));
  return <div ref={place} className="h-[32rem] overflow-hidden rounded-md border lg:h-[calc(100dvh-21rem)] lg:min-h-96" />;
}
