//! `application/x-www-form-urlencoded`, as far as STS needs it.

/// A form body.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads one; a body of another type has no fields.
    pub(super) fn parse(content_type: &str, body: &[u8]) -> Self {
        if !content_type.starts_with("application/x-www-form-urlencoded") {
            return Self(Vec::new());
        }
        let body = String::from_utf8_lossy(body);
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    /// A field, or nothing.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone())
    }
}

/// Without percent signs and plus signs.
fn decoded(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next(), bytes.next()].map(Option::unwrap_or_default);
                let digits = String::from_utf8_lossy(&digits).into_owned();
                u8::from_str_radix(&digits, 16).unwrap_or_else(|e| panic!("{text:?}: {e}"))
            }
            byte => byte,
        });
    }
    String::from_utf8(out).unwrap_or_else(|e| panic!("{text:?}: {e}"))
}
