//! Charts as shapes with attributes; colours and letters are the style sheet's, so that they follow it
//! into the dark and onto paper. Each stands beside its table, which says the same in words.

use serde::Serialize;

use crate::statistics::{Cell, Table};

const WIDTH: usize = 720;
const HEIGHT: usize = 240;

/// Room for numbers to the right, beside the latest days, and for days below.
const RIGHT: usize = 40;
const BELOW: usize = 24;
const ABOVE: usize = 8;

/// A line of a chart of lines.
const LINE: usize = 26;

/// The same on a phone.
const NARROW_LINE: usize = 38;

/// Where its bar begins, and where the longest ends.
const NAMES: usize = 260;
const LONGEST: usize = 660;

/// Letters of a name that fit before the bar.
const NAME_CHARACTERS: usize = 36;

/// Columns that can be told apart; of more days, weeks are drawn.
const COLUMNS: usize = 92;

/// Lines of a chart; the table has them all.
const LINES: usize = 15;

#[derive(Debug, Serialize)]
pub struct Chart {
    /// Its columns are days: what is latest is at its end.
    days: bool,
    width: usize,
    height: usize,
    title: String,
    lines: Vec<Grid>,
    bars: Vec<Bar>,
    labels: Vec<Label>,
    legend: Vec<String>,
    /// The same for a phone, of a chart of lines.
    narrow: Vec<Narrow>,
    narrow_height: usize,
}

/// A line on a phone: name and number above the bar, which is a part of whatever width there is.
#[derive(Debug, Serialize)]
struct Narrow {
    name: String,
    count: usize,
    percent: usize,
    text_y: usize,
    bar_y: usize,
}

#[derive(Debug, Serialize)]
struct Grid {
    x1: usize,
    x2: usize,
    y: usize,
    text_x: usize,
    text_y: usize,
    label: String,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    series: usize,
    title: String,
}

#[derive(Debug, Serialize)]
struct Label {
    x: usize,
    y: usize,
    anchor: &'static str,
    text: String,
}

/// A column for each line of the table, one piece for each of its numbers; weeks when there are many.
/// `None` when there is nothing to draw.
pub fn columns(table: &Table, language: &str) -> Option<Chart> {
    let days: Vec<(String, Vec<usize>)> =
        table.rows.iter().map(|row| counts(row, language)).collect();
    let step = if days.len() > COLUMNS { 7 } else { 1 };
    let columns: Vec<(String, Vec<usize>)> = days.chunks(step).map(together).collect();
    let sum = |(_, counts): &(String, Vec<usize>)| counts.iter().sum::<usize>();
    let highest = columns
        .iter()
        .map(sum)
        .max()
        .filter(|highest| *highest > 0)?;
    let top = round_up(highest);
    let (floor, room) = (HEIGHT - BELOW, HEIGHT - BELOW - ABOVE);
    let slot = (WIDTH - RIGHT) / columns.len().max(1);
    let mut bars = Vec::new();
    let mut labels = Vec::new();
    for (place, (name, counts)) in columns.iter().enumerate() {
        // Whole pixels: what is left over is at the beginning.
        let x = WIDTH - RIGHT - (columns.len() - place) * slot;
        let mut y = floor;
        for (series, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let height = (count * room / top).max(1);
            y = y.saturating_sub(height);
            bars.push(Bar {
                x,
                y,
                width: slot.saturating_sub(slot.min(4) / 2).max(1),
                height,
                series: series.min(4),
                title: format!("{name} : {count}"),
            });
        }
        // The first, the last and some between; more would run into each other.
        let every = columns.len().div_ceil(6);
        if place % every == 0 {
            labels.push(Label {
                x,
                y: HEIGHT - 6,
                anchor: "start",
                text: name.clone(),
            });
        }
    }
    let lines = [0, top / 2, top].into_iter().map(|value| {
        let y = floor - value * room / top;
        Grid {
            x1: 0,
            x2: WIDTH - RIGHT,
            y,
            text_x: WIDTH - RIGHT + 6,
            text_y: y + 4,
            label: value.to_string(),
        }
    });
    let names: Vec<String> = table.head.iter().skip(1).cloned().collect();
    Some(Chart {
        days: true,
        width: WIDTH,
        height: HEIGHT,
        title: title(table, step, language),
        lines: lines.collect(),
        bars,
        labels,
        legend: if names.len() > 1 { names } else { Vec::new() },
        narrow: Vec::new(),
        narrow_height: 0,
    })
}

/// A line for each line of the table, as long as its first number.
pub fn lines(table: &Table, language: &str) -> Option<Chart> {
    let rows: Vec<(String, usize)> = table
        .rows
        .iter()
        .take(LINES)
        .filter_map(|row| {
            let (name, counts) = counts(row, language);
            Some((name, *counts.first()?))
        })
        .collect();
    let longest = rows.iter().map(|(_, count)| *count).max();
    let longest = longest.filter(|longest| *longest > 0)?;
    let narrow = rows
        .iter()
        .enumerate()
        .map(|(place, (name, count))| Narrow {
            name: cut(name),
            count: *count,
            percent: (count * 100 / longest).max(usize::from(*count > 0)),
            text_y: place * NARROW_LINE + 14,
            bar_y: place * NARROW_LINE + 20,
        });
    let narrow = narrow.collect();
    let mut bars = Vec::new();
    let mut labels = Vec::new();
    for (place, (name, count)) in rows.iter().enumerate() {
        let y = place * LINE;
        let width = count * (LONGEST - NAMES) / longest;
        labels.push(Label {
            x: NAMES - 10,
            y: y + 17,
            anchor: "end",
            text: cut(name),
        });
        bars.push(Bar {
            x: NAMES,
            y: y + 4,
            width: width.max(usize::from(*count > 0)),
            height: LINE - 8,
            series: 0,
            title: format!("{name} : {count}"),
        });
        labels.push(Label {
            x: NAMES + width + 8,
            y: y + 17,
            anchor: "start",
            text: count.to_string(),
        });
    }
    Some(Chart {
        days: false,
        width: WIDTH,
        height: rows.len() * LINE + 4,
        title: title(table, 1, language),
        lines: Vec::new(),
        bars,
        labels,
        legend: Vec::new(),
        narrow,
        narrow_height: rows.len() * NARROW_LINE,
    })
}

fn counts(row: &[Cell], language: &str) -> (String, Vec<usize>) {
    let (name, counts) = row
        .split_first()
        .map_or((String::new(), row), |(name, counts)| {
            (name.shown(language), counts)
        });
    (name, counts.iter().filter_map(Cell::size).collect())
}

/// Several days as one column, by the name of the first.
fn together(days: &[(String, Vec<usize>)]) -> (String, Vec<usize>) {
    let mut days = days.iter();
    let Some((name, counts)) = days.next() else {
        return (String::new(), Vec::new());
    };
    let mut counts = counts.clone();
    for (_, others) in days {
        for (count, other) in counts.iter_mut().zip(others) {
            *count += other;
        }
    }
    (name.clone(), counts)
}

/// The next of 2, 4, 10, 20, 40, 100 …: its half is a whole number.
fn round_up(highest: usize) -> usize {
    let mut unit = 2;
    loop {
        for factor in [1, 2, 5] {
            let top = unit * factor;
            if top >= highest {
                return top;
            }
        }
        unit *= 10;
    }
}

fn title(table: &Table, step: usize, language: &str) -> String {
    let (french, english) = match step {
        1 => ("Graphique", "Chart"),
        _ => (
            "Graphique, une colonne par semaine",
            "Chart, a column for each week",
        ),
    };
    match language {
        "en" => format!("{english}: {}. The table below says the same.", table.title),
        _ => format!(
            "{french} : {}. Le tableau qui suit dit la même chose.",
            table.title
        ),
    }
}

fn cut(name: &str) -> String {
    match name.chars().count() {
        0..=NAME_CHARACTERS => name.to_owned(),
        _ => {
            let head: String = name.chars().take(NAME_CHARACTERS - 1).collect();
            format!("{head}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_column_reaches_no_higher_than_the_grid() {
        for (highest, top) in [(1, 2), (3, 4), (5, 10), (11, 20), (41, 100), (101, 200)] {
            assert_eq!(round_up(highest), top);
        }
    }
}
