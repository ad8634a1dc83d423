//! A graph as SVG: four columns, one page, no script, nothing from elsewhere.

use super::graph::fill;
use super::types::{Graph, Node};
use crate::clean::{cut, line};
use std::fmt::Write;

/// Columns from left to right.
const COLUMNS: [&str; 4] = ["actor", "grant", "dependent", "holder"];
const TITLES: [&str; 4] = ["acts", "through", "on", "gets at keys"];
const WIDTH: usize = 230;
const GAP: usize = 110;
const HEIGHT: usize = 44;
const STEP: usize = 62;
const TOP: usize = 70;
/// How many characters fit into a box.
const FITS: usize = 28;

/// What the lines mean: a page that is printed shows no hints.
const LEGEND: &str = "<text x=\"20\" y=\"18\" font-size=\"10\" fill=\"#555\">grey: permits \
    <tspan fill=\"#b00020\" dx=\"12\">red, dashed: needed and missing</tspan> <tspan fill=\"#777\" dx=\"12\">dotted: not known</tspan> \
    <tspan fill=\"#a05a00\" dx=\"12\">brown: gets at keys</tspan></text>\n";

/// Where a node is.
#[derive(Clone, Copy)]
struct At {
    x: usize,
    y: usize,
    column: usize,
}

/// Draws a graph.
pub fn svg(graph: &Graph) -> String {
    let places = places(&graph.nodes);
    let rows = COLUMNS.iter().map(|kind| graph.nodes.iter().filter(|own| own.kind == *kind).count()).max();
    let (width, height) = (20 + 4 * WIDTH + 3 * GAP + 20, TOP + rows.unwrap_or(0) * STEP + 20);
    let name = text(dekey_model::ArmId(&graph.workspace).name());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"Access of {name}\">\n<title>Access of {name}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (column, title) in TITLES.iter().enumerate() {
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"40\" fill=\"#555\" font-weight=\"bold\">{title}</text>",
            20 + column * (WIDTH + GAP)
        );
    }
    out.push_str(LEGEND);
    for own in &graph.edges {
        if let (Some(from), Some(to)) = (places.get(own.from), places.get(own.to)) {
            out.push_str(&arrow(*from, *to, own.kind, &own.label));
        }
    }
    for (own, at) in graph.nodes.iter().zip(&places) {
        out.push_str(&boxed(own, *at));
    }
    out.push_str("</svg>\n");
    out
}

/// Nodes of a kind stand below each other, in their order.
fn places(nodes: &[Node]) -> Vec<At> {
    let mut used = [0_usize; 4];
    let place = |own: &Node| {
        let column = COLUMNS.iter().position(|kind| *kind == own.kind).unwrap_or(0);
        let row = used.get_mut(column).map_or(0, |row| std::mem::replace(row, *row + 1));
        At { x: 20 + column * (WIDTH + GAP), y: TOP + row * STEP, column }
    };
    nodes.iter().map(place).collect()
}

fn boxed(own: &Node, at: At) -> String {
    let (x, y) = (at.x, at.y);
    format!(
        "<g><title>{}: {}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\" fill=\"{}\" stroke=\"#555\"/>\
         <text x=\"{}\" y=\"{}\" fill=\"#111\">{}</text><text x=\"{}\" y=\"{}\" fill=\"#444\" font-size=\"10\">{}</text></g>\n",
        text(&own.label),
        text(&own.detail),
        fill(own.kind),
        x + 10,
        y + 18,
        text(&cut(&own.label, FITS)),
        x + 10,
        y + 34,
        text(&cut(&own.detail, FITS + 6)),
    )
}

/// From side to side, in the direction of reading; whoever gets at keys stands on the right and points back.
fn arrow(from: At, to: At, kind: &str, label: &str) -> String {
    let back = from.column > to.column;
    let (start, end) = if back { (from.x, to.x + WIDTH) } else { (from.x + WIDTH, to.x) };
    let (y1, y2) = (from.y + HEIGHT / 2, to.y + HEIGHT / 2);
    let middle = usize::midpoint(start, end);
    let (color, dash) = match kind {
        "missing" => ("#b00020", " stroke-dasharray=\"6 4\""),
        "unknown" => ("#777", " stroke-dasharray=\"2 3\""),
        "keys" => ("#a05a00", ""),
        _ => ("#888", ""),
    };
    let tip = if back { end + 6 } else { end.saturating_sub(6) };
    format!(
        "<g><title>{}</title><path d=\"M{start},{y1} C{middle},{y1} {middle},{y2} {tip},{y2}\" fill=\"none\" stroke=\"{color}\"{dash}/>\
         <path d=\"M{tip},{} L{end},{y2} L{tip},{} Z\" fill=\"{color}\"/></g>\n",
        text(label),
        y2.saturating_sub(4),
        y2 + 4,
    )
}

/// Text between tags and in attributes.
fn text(own: &str) -> String {
    let mut out = String::new();
    for c in line(own).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
