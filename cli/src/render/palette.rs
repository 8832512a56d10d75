//! Colours and character sets. Meaning never stands in the colour alone: every word and symbol is
//! there without it.

/// Whether colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// ANSI colours.
    Ansi,
    /// None.
    Plain,
}

/// Which characters a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// All of Unicode.
    Unicode,
    /// ASCII only.
    Ascii,
}

/// How text looks on one output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Colours.
    pub(crate) colours: Colours,
    /// Characters.
    pub(crate) charset: Charset,
    /// Columns to stay within.
    pub(crate) width: usize,
}

/// What a piece of text means, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Dangerous.
    Bad,
    /// Needs attention.
    Caution,
    /// An improvement, something new.
    Good,
    /// A headline or a name.
    Strong,
    /// Of less interest.
    Faint,
}

impl Look {
    /// How it looks in a file: no colours, Unicode, 100 columns.
    #[cfg(test)]
    pub(crate) const PLAIN: Look = Look { colours: Colours::Plain, charset: Charset::Unicode, width: 100 };

    /// The text in the colour of its meaning.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if self.colours == Colours::Plain || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Caution => "33",
            Tone::Good => "32",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// `→`, or `->` where that cannot be shown.
    pub(crate) fn arrow(&self) -> &'static str {
        match self.charset {
            Charset::Unicode => "→",
            Charset::Ascii => "->",
        }
    }

    /// `…`, or `...` where that cannot be shown.
    pub(crate) fn ellipsis(&self) -> &'static str {
        match self.charset {
            Charset::Unicode => "…",
            Charset::Ascii => "...",
        }
    }
}
