//! The lines of a transcript.

/// A transcript, read but not understood: each line by its number, comments left out.
pub(crate) struct Script {
    /// What the configuration of the server is changed to, by JSON pointer.
    pub(crate) settings: Vec<(String, String)>,
    /// What happens, in this order.
    pub(crate) lines: Vec<(usize, String)>,
}

impl Script {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut settings, mut lines) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line
                .strip_prefix("server /")
                .and_then(|line| line.split_once(' '))
            {
                Some((pointer, value)) => settings.push((format!("/{pointer}"), value.to_owned())),
                None => lines.push((number, line.to_owned())),
            }
        }
        Self { settings, lines }
    }

    /// What somebody is to hear or to be answered, one line each.
    pub(crate) fn expectations(&self) -> impl Iterator<Item = &str> {
        let said = ["says", "sends", "raw", "POST", "GET"];
        self.lines
            .iter()
            .map(|(_, line)| line.as_str())
            .filter(move |line| !line.split(' ').take(2).any(|word| said.contains(&word)))
    }
}
