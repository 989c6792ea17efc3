//! Tables as CSV (RFC 4180), for spreadsheets.

use super::{Cell, Table};

/// What makes a spreadsheet compute a cell instead of showing it.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// One table with its heads, or several in lines of table, line, column and value. Excel takes UTF-8
/// for something else unless a byte order mark says so: `mark` writes one.
pub fn csv(tables: &[Table], mark: bool) -> Vec<u8> {
    let mut records: Vec<Vec<String>> = Vec::new();
    if let [table] = tables {
        records.push(table.head.iter().map(|name| inert(name)).collect());
        for row in &table.rows {
            records.push(row.iter().map(written).collect());
        }
    } else {
        records.push(
            ["table", "line", "column", "value"]
                .map(str::to_owned)
                .into(),
        );
        for table in tables {
            records.extend(long(table));
        }
    }
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for record in records {
        // Memory takes everything, and all records of a table are of one length.
        let _ = writer.write_record(record);
    }
    let text = writer.into_inner().unwrap_or_default();
    let mut bytes = if mark {
        vec![0xEF, 0xBB, 0xBF]
    } else {
        Vec::new()
    };
    bytes.extend(text);
    bytes
}

/// A line for each value.
fn long(table: &Table) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for row in &table.rows {
        let Some((name, values)) = row.split_first() else {
            continue;
        };
        for (column, value) in table.head.iter().skip(1).zip(values) {
            lines.push(vec![
                table.id.to_owned(),
                written(name),
                inert(column),
                written(value),
            ]);
        }
    }
    lines
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => inert(text),
        other => other.raw(),
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
            title: String::new(),
            head: vec!["Mots".to_owned(), "Nombre".to_owned()],
            rows: cells
                .iter()
                .map(|text| vec![Cell::Text((*text).to_owned()), Cell::Count(3)])
                .collect(),
            note: None,
        }
    }

    #[test]
    fn fields_are_quoted_and_formulas_are_text() {
        let one = table(&["badge, \"parking\"", "=HYPERLINK(1)", "-2+3", "@SUM", "été"]);
        let text = String::from_utf8(csv(std::slice::from_ref(&one), false)).expect("UTF-8");
        assert_eq!(
            text,
            "Mots,Nombre\r\n\"badge, \"\"parking\"\"\",3\r\n'=HYPERLINK(1),3\r\n'-2+3,3\r\n'@SUM,3\r\nété,3\r\n"
        );
        assert!(csv(&[one], true).starts_with(b"\xEF\xBB\xBFMots"));
    }

    #[test]
    fn several_tables_are_one_long_one() {
        let text = csv(&[table(&["a"]), table(&["b"])], false);
        assert_eq!(
            String::from_utf8(text).expect("UTF-8"),
            "table,line,column,value\r\nproposals,a,Nombre,3\r\nproposals,b,Nombre,3\r\n"
        );
    }
}
