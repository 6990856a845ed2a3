/** The nonce of this page, for what must make a style element (editors, Base UI). */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
