//! Rust text seen by lines, with comments, strings and test modules told apart.

/// A string literal and the line it begins on.
pub struct Literal {
    /// 1-based.
    pub line: usize,
    /// As written, escapes unresolved.
    pub text: String,
    /// Whether it stands in a `#[cfg(test)]` item.
    pub in_test: bool,
}

/// A Rust file; all three views have the same lines and columns.
pub struct Source {
    /// Without comments, string contents and character literals.
    pub code: String,
    /// `code` without `#[cfg(test)]` items.
    pub shipped: String,
    /// Every string literal.
    pub literals: Vec<Literal>,
}

impl Source {
    /// Parse a file's text.
    pub fn new(text: &str) -> Self {
        let mut reader = Reader { chars: text.chars().collect(), at: 0, code: Vec::new() };
        let mut literals = reader.run();
        let code: Vec<char> = reader.code;
        let mut shipped = code.clone();
        blank_test_items(&mut shipped);
        let line_of = |at: usize| 1 + code[..at].iter().filter(|c| **c == '\n').count();
        let literals = literals
            .drain(..)
            .map(|(at, text)| Literal { line: line_of(at), text, in_test: shipped[at] == ' ' })
            .collect();
        Self { code: code.into_iter().collect(), shipped: shipped.into_iter().collect(), literals }
    }
}

/// Words (identifiers, keywords, numbers) of a piece of code with their lines.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(index, line)| {
        line.split(|c: char| !is_word(c)).filter(|w| !w.is_empty()).map(move |w| (index + 1, w))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    code: Vec<char>,
}

impl Reader {
    /// Copies code, blanks the rest; answers (offset of the opening quote, content) of strings.
    fn run(&mut self) -> Vec<(usize, String)> {
        let mut literals = Vec::new();
        while self.at < self.chars.len() {
            if self.looking_at("//") {
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.blank();
                }
            } else if self.looking_at("/*") {
                self.block_comment();
            } else if let Some(hashes) = self.raw_string_hashes() {
                literals.push(self.raw_string(hashes));
            } else if self.peek(0) == Some('"') {
                literals.push(self.string());
            } else if self.is_char_literal() {
                self.char_literal();
            } else {
                self.copy();
            }
        }
        literals
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, c)| self.peek(index) == Some(c))
    }

    fn copy(&mut self) {
        self.code.push(self.chars[self.at]);
        self.at += 1;
    }

    /// Steps over a character; only line ends stay.
    fn blank(&mut self) {
        self.code.push(if self.chars[self.at] == '\n' { '\n' } else { ' ' });
        self.at += 1;
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            let change = if self.looking_at("/*") {
                1
            } else if self.looking_at("*/") {
                -1
            } else {
                self.blank();
                continue;
            };
            depth += change;
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    /// `Some(number of #)` where a raw string begins.
    fn raw_string_hashes(&self) -> Option<usize> {
        if self.peek(0) != Some('r') || self.code.last().is_some_and(|c| is_word(*c) && *c != 'b') {
            return None;
        }
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        (self.peek(1 + hashes) == Some('"')).then_some(hashes)
    }

    fn raw_string(&mut self, hashes: usize) -> (usize, String) {
        (0..=hashes).for_each(|_| self.copy());
        let begin = self.at;
        self.copy();
        let end: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
        let mut text = String::new();
        while self.at < self.chars.len() && !self.looking_at(&end) {
            text.push(self.chars[self.at]);
            self.blank();
        }
        (0..end.len().min(self.chars.len() - self.at)).for_each(|_| self.copy());
        (begin, text)
    }

    fn string(&mut self) -> (usize, String) {
        let begin = self.at;
        self.copy();
        let mut text = String::new();
        while let Some(c) = self.peek(0).filter(|c| *c != '"') {
            text.push(c);
            self.blank();
            if c == '\\'
                && let Some(escaped) = self.peek(0)
            {
                text.push(escaped);
                self.blank();
            }
        }
        if self.peek(0).is_some() {
            self.copy();
        }
        (begin, text)
    }

    /// A quote opens a character unless it opens a lifetime.
    fn is_char_literal(&self) -> bool {
        self.peek(0) == Some('\'')
            && (self.peek(1) == Some('\\')
                || (self.peek(1).is_some() && self.peek(2) == Some('\'')))
    }

    fn char_literal(&mut self) {
        self.copy();
        if self.peek(0) == Some('\\') {
            self.blank();
        }
        self.blank();
        while self.peek(0).is_some_and(|c| c != '\'' && c != '\n') {
            self.blank();
        }
        if self.peek(0) == Some('\'') {
            self.copy();
        }
    }
}

/// Blanks each item under `#[cfg(test)]`, to its semicolon or closing brace.
fn blank_test_items(code: &mut [char]) {
    let mark: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut at = 0;
    while at + mark.len() <= code.len() {
        if code[at..at + mark.len()] != mark {
            at += 1;
            continue;
        }
        let end = end_of_item(code, at + mark.len());
        for c in &mut code[at..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end;
    }
}

fn end_of_item(code: &[char], from: usize) -> usize {
    let mut depth = 0;
    for (index, c) in code.iter().enumerate().skip(from) {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth == 0 && *c == '}' {
                    return index + 1;
                }
            }
            ';' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_strings_and_test_modules_are_told_apart() {
    let text = concat!(
        "fn a<'a>(b: &'a str) -> char { '\"' } // \"c\"\n",
        "/* x /* y */ z */ const D: &str = \"e \\\" /* f\";\n",
        "const G: &[u8] = br#\"h \" i\"#;\n",
        "#[cfg(test)]\nmod tests {\n    fn j() { k(\"l\"); }\n}\nfn m() {}\n",
    );
    let source = Source::new(text);
    assert_eq!(source.code.lines().count(), text.lines().count());
    let found: Vec<_> =
        source.literals.iter().map(|l| (l.line, l.text.as_str(), l.in_test)).collect();
    assert_eq!(found, [(2, "e \\\" /* f", false), (3, "h \" i", false), (6, "l", true)]);
    let code: Vec<_> = words(&source.code).map(|(_, word)| word).collect();
    assert!(code.contains(&"j") && !code.iter().any(|w| ["c", "x", "z", "f", "i"].contains(w)));
    let shipped: Vec<_> = words(&source.shipped).map(|(_, word)| word).collect();
    assert!(shipped.contains(&"m") && !shipped.contains(&"j"));
}
