//! The page that text is set on: lines, words that wrap, tables, colours.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::output::Shown;

pub(in crate::output) const BOLD: Style = Style::new().bold();
pub(in crate::output) const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
pub(in crate::output) const YELLOW: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))).bold();
pub(in crate::output) const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan))).bold();
pub(in crate::output) const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))).bold();
pub(in crate::output) const DIM: Style = Style::new().dimmed();

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns.
    pub width: u16,
    /// Whether to colour.
    pub colour: bool,
}

impl Default for Look {
    /// As in a pipe.
    fn default() -> Look {
        Look { width: 80, colour: false }
    }
}

pub(in crate::output) struct Page<'a> {
    pub(in crate::output) shown: &'a Shown,
    pub(in crate::output) text: String,
}

impl<'a> Page<'a> {
    pub(in crate::output) fn new(shown: &'a Shown) -> Page<'a> {
        Page { shown, text: String::new() }
    }

    pub(in crate::output) fn line(&mut self, line: &str) {
        let own = line.trim_start();
        // A runner's log is read for commands, which begin a line: what a log says is none.
        match own.strip_prefix("::") {
            Some(rest) => {
                self.text.push_str(&line[..line.len() - own.len()]);
                self.text.push_str(": :");
                self.text.push_str(rest.trim_end());
            }
            None => self.text.push_str(line.trim_end()),
        }
        self.text.push('\n');
    }

    pub(in crate::output) fn styled(&self, text: &str, style: Style) -> String {
        if self.shown.look.colour && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(in crate::output) fn title(&mut self, title: &str) {
        let title = self.styled(title, BOLD);
        self.line("");
        self.line(&title);
    }

    /// Prints words in lines of the page's width; lines behind the first are indented as far as `lead` is long.
    pub(in crate::output) fn wrapped(&mut self, words: &str, lead: &str, style: Style) {
        let indent = lead.chars().count();
        let room = usize::from(self.shown.look.width).saturating_sub(indent).max(20);
        let mut lead = lead.to_owned();
        let mut current = String::new();
        for word in words.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > room {
                let styled = self.styled(&current, style);
                self.line(&format!("{lead}{styled}"));
                lead = " ".repeat(indent);
                current.clear();
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        let styled = self.styled(&current, style);
        self.line(&format!("{lead}{styled}"));
    }

    pub(in crate::output) fn table(&mut self, header: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.shown.look.width - 1);
        table.set_header(header.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
        table.add_rows(rows);
        for column in 0..header.len() {
            if let Some(column_style) = table.column_mut(column) {
                column_style.set_padding((1, 1));
                if numbers.contains(&column) {
                    column_style.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        for (index, line) in table.lines().enumerate() {
            let line = if index == 0 { self.styled(line.trim_end(), DIM) } else { line };
            self.line(&format!(" {line}"));
        }
    }
}
