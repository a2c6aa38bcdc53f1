//! A picture of a comparison: three panels in one file of SVG, readable on light and dark paper, with nothing fetched.
//! It does not know how its figures were come by.

use std::fmt::Write;

use crate::report::page::{Plot, Series};
use crate::report::text::wrap;

use super::geometry::{Axis, pixels};
use super::labels::{ASIDE, Label, labels};
use super::pareto::Standing;
use super::signs::{places, sign};

/// The width of the picture, and the height of its panels, in tenths of a pixel.
const WIDTH: i64 = 9_800;
const PANEL_HEIGHT: i64 = 3_700;
/// What lies around the drawing of a panel: left, right, above, below.
const MARGINS: [i64; 4] = [620, 180, 480, 480];
/// The height of a line of the legend, and how many names stand on one.
const LEGEND_LINE: i64 = 220;
const LEGEND_COLUMNS: usize = 5;
/// How many steps an axis has at the most.
const TICKS: i64 = 6;
/// The width of a letter of a title, more or less, the height of a line of it, and how far down the last one stands.
const TITLE_LETTER: i64 = 78;
const TITLE_LINE: i64 = 160;
const TITLE_FOOT: i64 = 330;
/// A line leads to a name that stands farther up or down than this.
const LED: i64 = 60;

/// The colours of policies, each to be seen on white and on black.
const COLOURS: [&str; 10] = [
    "#3b82d6", "#d1495b", "#e08e0b", "#2a9d6f", "#9467d2", "#17a2b8", "#b5731d", "#d36ba6",
    "#7d9420", "#808890",
];

const STYLE: &str = "\
svg { font: 12px system-ui, sans-serif; }
.paper { fill: #ffffff; } text { fill: #24292f; }
.title { font-weight: 600; font-size: 13px; } .soft { fill: #57606a; font-size: 11px; }
.axis { stroke: #57606a; fill: none; } .leader { stroke: #57606a; stroke-width: 0.75; } .grid { stroke: #d8dee4; } .front { stroke: #57606a; fill: none; stroke-dasharray: 3 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.name, .sign { paint-order: stroke; stroke: #ffffff; stroke-linejoin: round; } .name { stroke-width: 3px; } .sign { stroke-width: 1.5px; }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; } text { fill: #e6edf3; } .soft { fill: #9da7b3; }
.axis, .front, .leader { stroke: #8b949e; } .grid { stroke: #30363d; } .name, .sign { stroke: #0d1117; }
}
";

/// What there is to draw.
#[derive(Debug, Clone, Copy)]
pub struct Pictures<'a> {
    /// What is sent against how much is withheld.
    pub sweep: &'a Plot,
    /// How full mailboxes are over time, if a world was played.
    pub mailboxes: Option<&'a Plot>,
    /// Where each policy stands between traffic and what it explains.
    pub standings: &'a [Standing],
    /// The policies in the order of their colours.
    pub policies: &'a [String],
}

/// The place of a panel on the paper, and of the drawing in it.
#[derive(Debug, Clone, Copy)]
struct Panel {
    left: i64,
    top: i64,
    width: i64,
}

impl Panel {
    const fn x(self) -> (i64, i64) {
        (self.left + MARGINS[0], self.left + self.width - MARGINS[1])
    }

    const fn y(self) -> (i64, i64) {
        (self.top + PANEL_HEIGHT - MARGINS[3], self.top + MARGINS[2])
    }
}

/// The picture.
#[must_use]
pub fn overhead_svg(pictures: &Pictures<'_>) -> String {
    let half = WIDTH / 2;
    let rows = i64::try_from(pictures.policies.len().div_ceil(LEGEND_COLUMNS)).unwrap_or(1);
    let height = 2 * PANEL_HEIGHT + rows * LEGEND_LINE + 150;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n\
         <title>What policies cost</title>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        w = pixels(WIDTH),
        h = pixels(height),
    );
    let panel = |left, top, width| Panel { left, top, width };
    lines(pictures.sweep, panel(0, 0, half), (1, pictures.policies), &mut svg);
    pareto(pictures, panel(half, 0, half), &mut svg);
    if let Some(mailboxes) = pictures.mailboxes {
        lines(mailboxes, panel(0, PANEL_HEIGHT, WIDTH), (60, pictures.policies), &mut svg);
    }
    legend(pictures.policies, 2 * PANEL_HEIGHT + 150, &mut svg);
    svg.push_str("</svg>\n");
    svg
}

fn place_of(policy: &str, policies: &[String]) -> usize {
    policies.iter().position(|one| one == policy).unwrap_or(0)
}

fn colour(policy: &str, policies: &[String]) -> &'static str {
    COLOURS[place_of(policy, policies) % COLOURS.len()]
}

/// A text for SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("a String takes what is written");
    svg.push('\n');
}

/// A panel of lines. Values to the right are counted in groups of `unit`, as seconds are in minutes.
fn lines(plot: &Plot, panel: Panel, (unit, policies): (i64, &[String]), svg: &mut String) {
    let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let points = || plot.series.iter().flat_map(|series| &series.points);
    let grouped = points().map(|(x, _)| whole(x.div_ceil(unit.unsigned_abs())));
    let groups = Axis::over(grouped, 2 * TICKS, panel.x());
    let x =
        Axis { from: groups.from * unit, to: groups.to * unit, step: groups.step * unit, ..groups };
    let y = Axis::over(points().map(|(_, y)| whole(*y)), TICKS, panel.y());
    let x_name = if unit == 60 { "minutes of virtual time" } else { plot.x.as_str() };
    frame(panel, (&plot.title, x_name, &plot.y), svg);
    ticks(panel, (x, unit), (y, 1), svg);
    let on_paper = |series: &Series| -> Vec<(i64, i64)> {
        series.points.iter().map(|(right, up)| (x.at(whole(*right)), y.at(whole(*up)))).collect()
    };
    for (place, series) in plot.series.iter().enumerate() {
        let points = on_paper(series);
        let path: Vec<String> =
            points.iter().map(|(x, y)| format!("{},{}", pixels(*x), pixels(*y))).collect();
        let stroke = colour(&series.name, policies);
        let dashes = stripes(plot, place);
        put(
            svg,
            format_args!(
                "<polyline class=\"line\" stroke=\"{stroke}\"{dashes} points=\"{}\"><title>{}</title></polyline>",
                path.join(" "),
                escaped(&series.name)
            ),
        );
    }
    for series in &plot.series {
        let (place, fill) = (place_of(&series.name, policies), colour(&series.name, policies));
        for point in places(&on_paper(series), place, policies.len()) {
            put(svg, format_args!("{}", sign(place, point, fill)));
        }
    }
}

/// Lines that coincide are drawn in stripes, each colour in its turn, so that none hides the others.
fn stripes(plot: &Plot, place: usize) -> String {
    const STRIPE: usize = 9;
    let own = &plot.series[place].points;
    let alike: Vec<usize> =
        (0..plot.series.len()).filter(|other| plot.series[*other].points == *own).collect();
    if alike.len() == 1 {
        return String::new();
    }
    let turn = alike.iter().position(|one| *one == place).unwrap_or(0);
    let (gap, offset) = (STRIPE * (alike.len() - 1), STRIPE * (alike.len() - turn));
    format!(" stroke-dasharray=\"{STRIPE} {gap}\" stroke-dashoffset=\"{offset}\"")
}

fn frame(panel: Panel, (title, x, y): (&str, &str, &str), svg: &mut String) {
    let ((left, right), (bottom, top)) = (panel.x(), panel.y());
    let columns = usize::try_from((panel.width - 200) / TITLE_LETTER).unwrap_or(1);
    let title = wrap(title, columns, 0);
    let mut foot = panel.top + TITLE_FOOT;
    for line in title.lines().rev() {
        let (x, y) = (pixels(panel.left + 160), pixels(foot));
        put(
            svg,
            format_args!("<text class=\"title\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(line)),
        );
        foot -= TITLE_LINE;
    }
    put(
        svg,
        format_args!(
            "<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            pixels((left + right) / 2),
            pixels(bottom + 370),
            escaped(x)
        ),
    );
    let (down, middle) = (pixels(panel.left + 140), pixels((bottom + top) / 2));
    put(
        svg,
        format_args!(
            "<text class=\"soft\" x=\"{down}\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 {down} {middle})\">{}</text>",
            escaped(y)
        ),
    );
}

/// Ticks with their numbers; of each axis the unit is given that is written as 1.
fn ticks(panel: Panel, (x, right_unit): (Axis, i64), (y, up_unit): (Axis, i64), svg: &mut String) {
    let ((left, right), (bottom, top)) = (panel.x(), panel.y());
    for value in y.ticks() {
        let at = pixels(y.at(value));
        put(
            svg,
            format_args!(
                "<path class=\"grid\" d=\"M{} {at}H{}\"/><text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                pixels(left),
                pixels(right),
                pixels(left - 60),
                pixels(y.at(value) + 40),
                number(value / up_unit)
            ),
        );
    }
    for value in x.ticks() {
        put(
            svg,
            format_args!(
                "<text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                pixels(x.at(value)),
                pixels(bottom + 190),
                number(value / right_unit)
            ),
        );
    }
    put(
        svg,
        format_args!(
            "<path class=\"axis\" d=\"M{} {}V{}H{}\"/>",
            pixels(left),
            pixels(top),
            pixels(bottom),
            pixels(right)
        ),
    );
}

/// A number with commas.
fn number(value: i64) -> String {
    let digits = crate::report::text::grouped(value.unsigned_abs());
    if value < 0 { format!("-{digits}") } else { digits }
}

/// The panel of what policies explain for what they send.
fn pareto(pictures: &Pictures<'_>, panel: Panel, svg: &mut String) {
    let place = |one: &Standing| {
        let explained = i64::try_from(one.explained_permille.unwrap_or(1_000)).unwrap_or(1_000);
        (one.traffic_milli.div_euclid(100), explained)
    };
    let all = pictures.standings;
    // Ten to a per cent on both axes.
    let sides = all.iter().flat_map(|one| {
        let across = place(one).0;
        [across.div_euclid(10), -(-across).div_euclid(10)]
    });
    let x = Axis::over(sides, TICKS, panel.x()).in_parts(10);
    let y = Axis::over([0, 100].into_iter(), TICKS, panel.y()).in_parts(10);
    let title = "Traffic against what it explains (all worlds)";
    let names = (
        "to-device messages, per cent above the baseline",
        "explained of what was not read, per cent",
    );
    frame(panel, (title, names.0, names.1), svg);
    ticks(panel, (x, 10), (y, 10), svg);
    let at = |one: &Standing| (x.at(place(one).0), y.at(place(one).1));
    front(all, at, svg);
    let points: Vec<(i64, i64)> = all.iter().map(at).collect();
    let names: Vec<&str> = all.iter().map(|one| one.policy.as_str()).collect();
    let labels = labels(&points, &names, (panel.x(), panel.y()));
    for (label, point) in labels.iter().zip(&points) {
        leader(label, *point, svg);
    }
    for one in all {
        let (right, up) = at(one);
        let fill = colour(&one.policy, pictures.policies);
        let (cx, cy) = (pixels(right), pixels(up));
        if one.is_best {
            put(svg, format_args!("<circle class=\"axis\" cx=\"{cx}\" cy=\"{cy}\" r=\"9\"/>"));
        }
        let place = place_of(&one.policy, pictures.policies);
        put(svg, format_args!("{}", sign(place, (right, up), fill)));
    }
    for (label, name) in labels.iter().zip(names) {
        let (x, anchor) = if label.is_left { (label.to, "end") } else { (label.from, "start") };
        put(
            svg,
            format_args!(
                "<text class=\"soft name\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                pixels(x),
                pixels(label.line),
                escaped(name)
            ),
        );
    }
}

/// The policies of which no other explains as much for less, joined in steps.
fn front(all: &[Standing], at: impl Fn(&Standing) -> (i64, i64), svg: &mut String) {
    let mut best: Vec<(i64, i64)> = all.iter().filter(|one| one.is_best).map(at).collect();
    best.sort_unstable();
    let Some((first, rest)) = best.split_first() else { return };
    let mut path = format!("M{} {}", pixels(first.0), pixels(first.1));
    for (right, up) in rest {
        path.push_str(&format!("H{}V{}", pixels(*right), pixels(*up)));
    }
    put(svg, format_args!("<path class=\"front\" d=\"{path}\"/>"));
}

/// A line from a point to its name, if that does not stand beside it.
fn leader(label: &Label, (x, y): (i64, i64), svg: &mut String) {
    let middle = label.line - 40;
    let aside = if label.is_left { x - label.to } else { label.from - x };
    if (middle - y).abs() <= LED && aside <= ASIDE {
        return;
    }
    let end = if label.is_left { label.to + 20 } else { label.from - 20 };
    put(
        svg,
        format_args!(
            "<path class=\"leader\" d=\"M{} {}L{} {}\"/>",
            pixels(x),
            pixels(y),
            pixels(end),
            pixels(middle)
        ),
    );
}

fn legend(policies: &[String], top: i64, svg: &mut String) {
    let column = (WIDTH - 2 * MARGINS[0]) / i64::try_from(LEGEND_COLUMNS).unwrap_or(1);
    for (place, policy) in policies.iter().enumerate() {
        let across = i64::try_from(place % LEGEND_COLUMNS).unwrap_or(0);
        let down = i64::try_from(place / LEGEND_COLUMNS).unwrap_or(0);
        let (left, line) = (MARGINS[0] + across * column, top + down * LEGEND_LINE);
        let fill = colour(policy, policies);
        put(
            svg,
            format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"20\" height=\"2\" fill=\"{fill}\"/>{}<text x=\"{}\" y=\"{}\">{}</text>",
                pixels(left),
                pixels(line - 50),
                sign(place, (left + 100, line - 40), fill),
                pixels(left + 250),
                pixels(line),
                escaped(policy)
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Panel, Pictures, frame, leader, overhead_svg};
    use crate::report::overhead::labels::Label;
    use crate::report::overhead::pareto::{Standing, standings};
    use crate::report::overhead::plots::mailbox_plot;
    use crate::report::overhead::sample::comparison;
    use crate::report::page::{Marks, Plot, Series};

    fn sweep() -> Plot {
        let series = |name: &str, most| Series {
            name: name.to_owned(),
            points: vec![(0, 10), (50, 20), (100, most)],
        };
        Plot {
            title: "A <sweep>".to_owned(),
            x: "share".to_owned(),
            y: "messages".to_owned(),
            marks: Marks::Lines,
            series: vec![series("nothing", 30), series("both", 30), series("per-message", 90)],
        }
    }

    fn drawn(standings: &[Standing]) -> String {
        let policies: Vec<String> = ["nothing", "both", "per-message"].map(str::to_owned).to_vec();
        let (sweep, mailboxes) = (sweep(), mailbox_plot(&comparison()));
        overhead_svg(&Pictures {
            sweep: &sweep,
            mailboxes: mailboxes.as_ref(),
            standings,
            policies: &policies,
        })
    }

    #[test]
    fn a_picture_has_a_line_for_each_policy_in_two_panels_and_a_point_in_the_third() {
        let svg = drawn(&standings(&comparison()));
        assert_eq!(svg.matches("<polyline").count(), 6);
        let signs = svg.matches("class=\"sign\"").count();
        assert_eq!(signs, 6 * 2 + 3 + 3, "two on each line, points, and those of the legend");
        assert!(svg.contains("A &lt;sweep&gt;"), "texts are escaped");
        assert_eq!(svg.matches('<').count(), svg.matches('>').count());
        assert!(!svg.contains("http") || svg.matches("http").count() == 1, "nothing is fetched");
        assert!(svg.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn lines_that_coincide_are_drawn_in_stripes() {
        let svg = drawn(&[]);
        assert!(svg.contains("stroke-dasharray=\"9 9\" stroke-dashoffset=\"18\""));
        assert!(svg.contains("stroke-dasharray=\"9 9\" stroke-dashoffset=\"9\""));
        let alone = svg.lines().find(|line| line.contains("<title>per-message")).unwrap();
        assert!(!alone.contains("dash"), "{alone}");
    }

    #[test]
    fn a_line_leads_to_a_name_that_does_not_stand_beside_its_point() {
        let led = |line| {
            let mut svg = String::new();
            leader(&Label { from: 410, to: 900, line, is_left: false }, (300, 1_000), &mut svg);
            svg
        };
        assert_eq!(led(1_080), "");
        assert_eq!(led(1_240), "<path class=\"leader\" d=\"M30 100L39 120\"/>\n");
    }

    #[test]
    fn titles_do_not_run_into_the_next_panel() {
        let long = "Messages against the share of devices that senders block (a team)";
        let mut svg = String::new();
        frame(Panel { left: 0, top: 0, width: 4_900 }, (long, "", ""), &mut svg);
        assert_eq!(svg.matches("class=\"title\"").count(), 2, "{svg}");
    }

    #[test]
    fn the_same_comparison_gives_the_same_picture() {
        let all = standings(&comparison());
        assert_eq!(drawn(&all), drawn(&all));
    }
}
