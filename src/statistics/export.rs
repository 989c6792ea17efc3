//! Tables as CSV (RFC 4180): for machines, and for the spreadsheet of whoever clicks.

use super::{Cell, Table};

/// What makes a spreadsheet compute a cell instead of showing it.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// What would begin a cell in a spreadsheet of another country, and a formula with it.
const OTHER_SEPARATORS: [char; 2] = [';', '\t'];

/// For whom it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Csv<'a> {
    /// Machines: commas, plain numbers, ISO dates, the same in every language.
    Plain,
    /// A spreadsheet in this language. Excel reads a file as its country writes numbers: in French with
    /// decimal commas, so with semicolons between them; and takes UTF-8 for something else unless a byte
    /// order mark says so.
    Spreadsheet(&'a str),
}

/// One table with its heads, or several in lines of table, line, column and value.
pub fn csv(tables: &[Table], form: Csv<'_>) -> Vec<u8> {
    let mut records: Vec<Vec<String>> = Vec::new();
    if let [table] = tables {
        records.push(form.head(table));
        for row in &table.rows {
            records.push(row.iter().map(|cell| form.cell(cell)).collect());
        }
    } else {
        records.push(form.long_head().map(str::to_owned).into());
        for table in tables {
            records.extend(form.long(table));
        }
    }
    let mut all = records.iter().flatten();
    let splits = all.any(|field| field.contains(OTHER_SEPARATORS));
    let quote = match form {
        Csv::Plain if !splits => csv::QuoteStyle::Necessary,
        Csv::Plain | Csv::Spreadsheet(_) => csv::QuoteStyle::NonNumeric,
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .delimiter(form.delimiter())
        .quote_style(quote)
        .from_writer(Vec::new());
    for record in records {
        // Memory takes everything, and all records of a table are of one length.
        let _ = writer.write_record(record);
    }
    let text = writer.into_inner().unwrap_or_default();
    let mut bytes = match form {
        Csv::Plain => Vec::new(),
        Csv::Spreadsheet(_) => vec![0xEF, 0xBB, 0xBF],
    };
    bytes.extend(text);
    bytes
}

impl Csv<'_> {
    fn is_french(self) -> bool {
        match self {
            Self::Plain => false,
            Self::Spreadsheet(language) => language != "en",
        }
    }

    fn delimiter(self) -> u8 {
        match self.is_french() {
            true => b';',
            false => b',',
        }
    }

    fn long_head(self) -> [&'static str; 4] {
        match self.is_french() {
            true => ["tableau", "ligne", "colonne", "valeur"],
            false => ["table", "line", "column", "value"],
        }
    }

    /// The heads of a table; for people with the unit of times.
    fn head(self, table: &Table) -> Vec<String> {
        let heads = table.head.iter().enumerate();
        let of_column = |place: usize| table.rows.iter().filter_map(move |row| row.get(place));
        let named = heads.map(|(place, name)| {
            let timed = of_column(place).any(|cell| matches!(cell, Cell::Minutes(_)));
            match self {
                Self::Spreadsheet(_) if timed => inert(&format!("{name} (minutes)")),
                Self::Plain | Self::Spreadsheet(_) => inert(name),
            }
        });
        named.collect()
    }

    /// A line for each value.
    fn long(self, table: &Table) -> Vec<Vec<String>> {
        let name = match self {
            Self::Plain => table.id.to_owned(),
            Self::Spreadsheet(_) => inert(&table.title),
        };
        let head = self.head(table);
        let mut lines = Vec::new();
        for row in &table.rows {
            let Some((first, values)) = row.split_first() else {
                continue;
            };
            for (column, value) in head.iter().skip(1).zip(values) {
                lines.push(vec![
                    name.clone(),
                    self.cell(first),
                    column.clone(),
                    self.cell(value),
                ]);
            }
        }
        lines
    }

    fn cell(self, cell: &Cell) -> String {
        match (cell, self.is_french()) {
            (Cell::Text(text), _) => inert(text),
            (Cell::Day(_), true) => cell.shown("fr"),
            (Cell::Mean(_), true) => cell.raw().replace('.', ","),
            (Cell::Day(_) | Cell::Mean(_) | Cell::Count(_) | Cell::Minutes(_) | Cell::None, _) => {
                cell.raw()
            }
        }
    }
}

/// Text that no spreadsheet takes for a formula.
fn inert(text: &str) -> String {
    if text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[&str]) -> Table {
        Table {
            id: "proposals",
            title: "Catégories à envisager".to_owned(),
            head: vec!["Mots".to_owned(), "Nombre".to_owned()],
            rows: cells
                .iter()
                .map(|text| vec![Cell::Text((*text).to_owned()), Cell::Count(3)])
                .collect(),
            note: None,
        }
    }

    fn text(tables: &[Table], form: Csv<'_>) -> String {
        String::from_utf8(csv(tables, form)).expect("UTF-8")
    }

    #[test]
    fn fields_are_quoted_and_formulas_are_text() {
        let one = [table(&[
            "badge, \"parking\"",
            "=HYPERLINK(1)",
            "-2+3",
            "@SUM",
            "été",
        ])];
        assert_eq!(
            text(&one, Csv::Plain),
            "Mots,Nombre\r\n\"badge, \"\"parking\"\"\",3\r\n'=HYPERLINK(1),3\r\n'-2+3,3\r\n'@SUM,3\r\nété,3\r\n"
        );
        assert_eq!(
            text(&one, Csv::Spreadsheet("fr")).lines().nth(2),
            Some("\"'=HYPERLINK(1)\";3")
        );
    }

    /// Opened where the semicolon separates, a comma where it does not, no field becomes two.
    #[test]
    fn a_separator_of_another_country_begins_no_cell() {
        let one = [table(&["nord;=1+1", "sud,=1+1"])];
        for (form, rows) in [
            (Csv::Plain, ["\"nord;=1+1\",3", "\"sud,=1+1\",3"]),
            (
                Csv::Spreadsheet("fr"),
                ["\"nord;=1+1\";3", "\"sud,=1+1\";3"],
            ),
            (
                Csv::Spreadsheet("en"),
                ["\"nord;=1+1\",3", "\"sud,=1+1\",3"],
            ),
        ] {
            let written = text(&one, form);
            let written: Vec<&str> = written.lines().skip(1).collect();
            assert_eq!(written, rows, "{form:?}");
        }
    }

    #[test]
    fn several_tables_are_one_long_one() {
        assert_eq!(
            text(&[table(&["a"]), table(&["b"])], Csv::Plain),
            "table,line,column,value\r\nproposals,a,Nombre,3\r\nproposals,b,Nombre,3\r\n"
        );
    }

    #[test]
    fn a_french_spreadsheet_reads_days_decimals_and_units() {
        let mut times = table(&[]);
        times.head.extend(["Jour".to_owned(), "Médiane".to_owned()]);
        times.rows = vec![vec![
            Cell::Text("Notes".to_owned()),
            Cell::Mean(4.5),
            Cell::Day("2026-11-23".parse().expect("a day")),
            Cell::Minutes(80),
        ]];
        let one = std::slice::from_ref(&times);
        assert_eq!(
            text(one, Csv::Spreadsheet("fr")),
            "\u{feff}\"Mots\";\"Nombre\";\"Jour\";\"Médiane (minutes)\"\r\n\"Notes\";\"4,50\";\"23/11/2026\";80\r\n"
        );
        assert_eq!(
            text(one, Csv::Plain),
            "Mots,Nombre,Jour,Médiane\r\nNotes,4.50,2026-11-23,80\r\n"
        );
        let long = text(&[times, table(&["a"])], Csv::Spreadsheet("fr"));
        let mut lines = long.lines();
        assert_eq!(
            lines.next(),
            Some("\u{feff}\"tableau\";\"ligne\";\"colonne\";\"valeur\"")
        );
        assert_eq!(
            lines.next(),
            Some("\"Catégories à envisager\";\"Notes\";\"Nombre\";\"4,50\"")
        );
    }
}
