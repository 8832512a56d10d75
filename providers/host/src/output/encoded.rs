//! How a secret stands in what others say when they have encoded it: in an address, in JSON, in the header
//! of a request, in hexadecimal digits.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest encoded text that is looked for: a shorter one stands in many a word.
const SHORTEST: usize = 6;

/// The forms in which a secret may stand, beside its own.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for blank in ["%20", "+"] {
        for digits in [Digits::Upper, Digits::Lower] {
            forms.push(percent(secret, blank, digits));
        }
    }
    let json = serde_json::Value::from(secret).to_string();
    forms.push(json[1..json.len() - 1].to_owned());
    forms.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
    forms.push(secret.bytes().map(|byte| format!("{byte:02X}")).collect());
    for before in 0..3 {
        forms.push(within_base64(&STANDARD_NO_PAD, secret, before));
        forms.push(within_base64(&URL_SAFE_NO_PAD, secret, before));
    }
    forms.retain(|form| form.len() >= SHORTEST && form != secret);
    forms
}

#[derive(Clone, Copy)]
enum Digits {
    Upper,
    Lower,
}

fn percent(text: &str, blank: &str, digits: Digits) -> String {
    text.bytes().fold(String::new(), |encoded, byte| match (byte, digits) {
        (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~', _) => {
            encoded + char::from(byte).encode_utf8(&mut [0; 4])
        }
        (b' ', _) => encoded + blank,
        (_, Digits::Upper) => encoded + &format!("%{byte:02X}"),
        (_, Digits::Lower) => encoded + &format!("%{byte:02x}"),
    })
}

/// What of it is sure to stand in the base64 of a longer text, such as `user:password`, in which it begins
/// after so many bytes of a group of three. The digits at either end are made of its neighbours too.
fn within_base64(engine: &impl Engine, secret: &str, before: usize) -> String {
    let padded = [&[0; 2][..before], secret.as_bytes()].concat();
    let digits = engine.encode(&padded);
    let first = (before * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    digits.get(first..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Secrets;
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_encoding_wherever_it_stands() {
        let secret = "s3cr3t/+ \"word\"~";
        let mut secrets = Secrets::default();
        secrets.add(secret);
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let whole = format!("{before}{secret}{after}");
                for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let text = engine.encode(&whole);
                    let hidden = secrets.hide(&text);
                    // What is left shows less than a byte of it at each end.
                    let left = text.len() - (hidden.len() - "(sensitive)".len());
                    assert!(hidden.contains("(sensitive)"), "{whole}: {hidden}");
                    assert!(left + 2 >= secret.len() * 8 / 6, "{whole}: {hidden}");
                }
            }
        }
        let json = serde_json::json!({ "password": secret }).to_string();
        for text in ["s3cr3t%2F%2B%20%22word%22~", "s3cr3t%2f%2b+%22word%22~", &json] {
            let hidden = secrets.hide(text);
            assert!(hidden.contains("(sensitive)") && !hidden.contains("s3cr"), "{hidden}");
        }
    }

    #[test]
    fn a_short_secret_blots_no_word_out() {
        assert!(forms("true").iter().all(|form| form.len() >= SHORTEST));
    }
}
