/** What a new template begins with: a mail that is right in every client, dark mode and without images. */
export const STARTER = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta name="color-scheme" content="light dark">
    <title>News</title>
  </head>
  <body style="margin:0;padding:0;background-color:#f4f4f6;">
    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
      <tr>
        <td align="center" style="padding:32px 16px;">
          <table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;width:100%;background-color:#ffffff;border-radius:8px;">
            <tr>
              <td style="padding:36px 36px 12px;font-family:Helvetica,Arial,sans-serif;font-size:22px;line-height:30px;font-weight:bold;color:#1b1b22;">
                Hello {{ first_name | default: "there" }},
              </td>
            </tr>
            <tr>
              <td style="padding:0 36px 24px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:25px;color:#3c3c46;">
                Write what is new, in two or three sentences. Then say what to do next.
              </td>
            </tr>
            <tr>
              <td style="padding:0 36px 36px;">
                <a href="https://example.com/" style="display:inline-block;padding:12px 22px;border-radius:6px;background-color:#3d3bd8;color:#ffffff;font-family:Helvetica,Arial,sans-serif;font-size:16px;text-decoration:none;">Read more</a>
              </td>
            </tr>
          </table>
          <p style="margin:20px 0 0;font-family:Helvetica,Arial,sans-serif;font-size:12px;line-height:18px;color:#6b6b76;">
            {{ postal_address }}<br>
            <a href="{{ unsubscribe_url }}" style="color:#6b6b76;">Unsubscribe</a>
          </p>
        </td>
      </tr>
    </table>
  </body>
</html>
`;
