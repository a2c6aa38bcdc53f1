//! The frame of a page: head, styles, body, data and script in one file, and how text gets into it without being read as
//! anything but text. It does not know what the page shows.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::text::is_unseen;

use super::assets::STYLE;

/// A page is let do nothing but show itself: no request leaves it, and no text can become an element.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// What makes up a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a, D> {
    pub(super) title: &'a str,
    /// Markup of our own.
    pub(super) body: &'a str,
    pub(super) data: &'a D,
    pub(super) script: &'a [&'a str],
    /// What is shown where scripts do not run, as text.
    pub(super) otherwise: &'a str,
}

impl<D: Serialize> Page<'_, D> {
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        let data = serde_json::to_string(self.data).map_err(io::Error::from)?;
        let title = text(self.title);
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        )?;
        out.write_all(self.body.as_bytes())?;
        writeln!(out, "<noscript><pre>{}</pre></noscript>", text(self.otherwise))?;
        out.write_all(b"<script type=\"application/json\" id=\"data\">")?;
        out.write_all(in_script(&data).as_bytes())?;
        out.write_all(b"</script>\n<script>\n'use strict';\n(() => {\n")?;
        for part in self.script {
            out.write_all(part.as_bytes())?;
        }
        out.write_all(b"})();\n</script>\n</body>\n</html>\n")?;
        out.flush()
    }
}

/// Text inside of an element or an attribute.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// JSON inside of a script element: nothing in it ends the element or begins another. These characters occur in strings
/// only, where they may as well stand by their numbers. What is not seen and acts on what is, is shown by its number, as
/// everywhere else, whoever forgot to.
fn in_script(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 64);
    let mut rest = json;
    while let Some(at) = rest.find(|c| matches!(c, '<' | '>' | '&') || is_unseen(c)) {
        safe.push_str(&rest[..at]);
        let mut chars = rest[at..].chars();
        match chars.next() {
            Some(c) if is_unseen(c) => safe.push_str(&format!("\\{}", c.escape_unicode())),
            Some(c) => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            None => {}
        }
        rest = chars.as_str();
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Page, in_script, text};

    const HOSTILE: &str = "</script><img src=x onerror=\"alert(1)\"> & '\u{2028}'";

    #[test]
    fn data_stays_data_and_is_read_back_as_it_was() {
        let json = json!({ HOSTILE: HOSTILE }).to_string();
        let safe = in_script(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']), "{safe}");
        let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
        let seen = HOSTILE.replace('\u{2028}', "\\u{2028}");
        assert_eq!(read, json!({ seen.clone(): seen }));
    }

    #[test]
    fn a_page_has_its_own_elements_only() {
        let mut out = Vec::new();
        let data = json!([HOSTILE]);
        let page = Page {
            title: HOSTILE,
            body: "<main></main>",
            data: &data,
            script: &[],
            otherwise: HOSTILE,
        };
        page.write(&mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<img"), "{page}");
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(page.contains(&format!("<title>{}</title>", text(HOSTILE))));
    }
}
