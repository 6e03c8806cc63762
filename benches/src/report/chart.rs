//! A small line chart as SVG: black and strong colours on white, so that it reads the same on pages of any theme.

use std::fmt::Write;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 226.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 62.0;
/// Least distance between two labels at the right.
const LABEL: f64 = 17.0;
/// Blue, vermilion, green, purple: told apart by colour-blind readers too (Okabe and Ito 2008).
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#00795a", "#9a4f80"];

/// A chart.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) x_title: String,
    pub(super) y_title: String,
    /// Where the x axis has its numbers. Its ends are the first and the last.
    pub(super) x_ticks: Vec<f64>,
    /// Whether each step along x is a factor.
    pub(super) x_log: bool,
    /// Whether each step along y is a factor. The axis starts at 0 otherwise.
    pub(super) y_log: bool,
    pub(super) lines: Vec<Line>,
}

/// One line with its label at the right.
pub(super) enum Line {
    /// Points joined by a line.
    Points(String, Vec<(f64, f64)>),
    /// The same height everywhere, dashed.
    Level(String, f64),
}

impl Line {
    fn label(&self) -> &str {
        match self {
            Self::Points(label, _) | Self::Level(label, _) => label,
        }
    }

    /// Where it ends at the right.
    fn end(&self) -> f64 {
        match self {
            Self::Points(_, points) => points.last().map_or(0.0, |point| point.1),
            Self::Level(_, y) => *y,
        }
    }

    fn heights(&self) -> Vec<f64> {
        match self {
            Self::Points(_, points) => points.iter().map(|point| point.1).collect(),
            Self::Level(_, y) => vec![*y],
        }
    }
}

impl Chart {
    /// The chart as an SVG document.
    pub(super) fn to_svg(&self) -> String {
        let mut svg = String::new();
        let _ = self.write(&mut svg);
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let heights: Vec<f64> = self.lines.iter().flat_map(Line::heights).collect();
        let highest = heights.iter().copied().fold(0.0, f64::max);
        let lowest = heights.iter().copied().fold(highest, f64::min);
        let y_ticks = if self.y_log { factors(lowest, highest) } else { steps(highest) };
        let (bottom, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let x_part = part(&self.x_ticks, self.x_log);
        let y_part = part(&y_ticks, self.y_log);
        let x = |value: f64| LEFT + x_part(value) * (end - LEFT);
        let y = |value: f64| bottom - y_part(value) * (bottom - TOP);

        writeln!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13" fill="#111">"##
        )?;
        let title = escape(&self.title);
        writeln!(svg, "<title>{title}</title>")?;
        writeln!(svg, r##"<rect width="100%" height="100%" fill="#fff"/>"##)?;
        writeln!(svg, r##"<text x="{LEFT}" y="26" font-size="16" font-weight="600">{title}</text>"##)?;

        for tick in &y_ticks {
            let at = y(*tick);
            writeln!(svg, r##"<path d="M{LEFT} {at:.1}H{end}" stroke="#ddd"/>"##)?;
            let (x, number) = (LEFT - 8.0, number(*tick));
            writeln!(svg, r##"<text x="{x}" y="{:.1}" text-anchor="end">{number}</text>"##, at + 4.5)?;
        }
        for tick in &self.x_ticks {
            let at = x(*tick);
            writeln!(svg, r##"<path d="M{at:.1} {bottom}v5" stroke="#111"/>"##)?;
            let (y, number) = (bottom + 20.0, number(*tick));
            writeln!(svg, r##"<text x="{at:.1}" y="{y}" text-anchor="middle">{number}</text>"##)?;
        }
        writeln!(svg, r##"<path d="M{LEFT} {TOP}V{bottom}H{end}" stroke="#111" fill="none"/>"##)?;
        let (middle, below) = ((LEFT + end) / 2.0, HEIGHT - 16.0);
        let x_title = escape(&self.x_title);
        writeln!(svg, r##"<text x="{middle}" y="{below}" text-anchor="middle">{x_title}</text>"##)?;
        let (middle, y_title) = ((TOP + bottom) / 2.0, escape(&self.y_title));
        writeln!(
            svg,
            r##"<text transform="translate(20 {middle}) rotate(-90)" text-anchor="middle">{y_title}</text>"##
        )?;

        let mut colours = COLOURS.iter().cycle();
        let mut labels = Vec::new();
        for line in &self.lines {
            let colour = match line {
                Line::Points(_, points) => {
                    let colour = colours.next().copied().unwrap_or("#111");
                    let path: Vec<_> =
                        points.iter().map(|p| format!("{:.1} {:.1}", x(p.0), y(p.1))).collect();
                    let path = path.join("L");
                    writeln!(
                        svg,
                        r##"<path d="M{path}" stroke="{colour}" stroke-width="2.2" fill="none"/>"##
                    )?;
                    for p in points {
                        let (x, y) = (x(p.0), y(p.1));
                        writeln!(svg, r##"<circle cx="{x:.1}" cy="{y:.1}" r="3.4" fill="{colour}"/>"##)?;
                    }
                    colour
                }
                Line::Level(_, value) => {
                    let at = y(*value);
                    writeln!(
                        svg,
                        r##"<path d="M{LEFT} {at:.1}H{end}" stroke="#444" stroke-width="1.6" stroke-dasharray="7 5"/>"##
                    )?;
                    "#444"
                }
            };
            labels.push((y(line.end()), line.label(), colour));
        }
        for (at, label, colour) in apart(labels) {
            let (x, y, label) = (end + 12.0, at + 4.5, escape(label));
            writeln!(svg, r##"<text x="{x}" y="{y:.1}" fill="{colour}">{label}</text>"##)?;
        }
        writeln!(svg, "</svg>")
    }
}

/// Labels from top to bottom, moved down until none covers another.
fn apart<'a>(mut labels: Vec<(f64, &'a str, &'a str)>) -> Vec<(f64, &'a str, &'a str)> {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    // From the bottom upwards, then back: the lowest must not leave the chart.
    let mut limit = HEIGHT - BOTTOM;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(limit);
        limit = label.0 - LABEL;
    }
    labels
}

/// How far along an axis with these ticks a value lies, from 0 to 1.
fn part(ticks: &[f64], log: bool) -> impl Fn(f64) -> f64 {
    let scale = move |value: f64| if log { value.ln() } else { value };
    let ends = ticks.first().zip(ticks.last());
    let (first, last) = ends.map_or((0.0, 1.0), |(first, last)| (scale(*first), scale(*last)));
    move |value| (scale(value) - first) / (last - first)
}

/// Ticks from 0 to above the highest value, in steps of 1, 2 or 5 times a power of ten: at most 8.
fn steps(highest: f64) -> Vec<f64> {
    let highest = highest.max(1e-9);
    let magnitude = 10f64.powf((highest / 8.0).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * magnitude);
    let step = steps.into_iter().find(|step| highest / step <= 8.0).unwrap_or(magnitude * 10.0);
    (0..=(highest / step).ceil() as u32).map(|i| f64::from(i) * step).collect()
}

/// Ticks of 1, 2 and 5 times powers of ten, from below the lowest value to above the highest.
fn factors(lowest: f64, highest: f64) -> Vec<f64> {
    let (lowest, highest) = (lowest.max(1e-9), highest.max(1e-9));
    let powers = lowest.log10().floor() as i32..=highest.log10().floor() as i32 + 1;
    let all: Vec<f64> =
        powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10f64.powi(power))).collect();
    let first = all.iter().rposition(|tick| *tick <= lowest).unwrap_or(0);
    let last = all.iter().position(|tick| *tick > highest).unwrap_or(all.len() - 1);
    all[first..=last].to_vec()
}

fn number(value: f64) -> String {
    let text = if value.fract().abs() < 1e-9 { format!("{value:.0}") } else { format!("{value:.2}") };
    if value < 1000.0 { text } else { format!("{},{:03}", (value / 1000.0) as u64, value as u64 % 1000) }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_above_the_highest() {
        assert_eq!(steps(400.0).last(), Some(&400.0));
        assert_eq!(steps(401.0), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        assert_eq!(steps(7.3).len(), 9);
        assert_eq!(factors(30.0, 1_900.0), [20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0]);
        assert_eq!(factors(100.0, 100.0), [100.0, 200.0]);
        assert_eq!(number(4096.0), "4,096");
    }

    #[test]
    fn labels_keep_their_distance() {
        let labels = apart(vec![(100.0, "a", ""), (101.0, "b", ""), (99.0, "c", ""), (375.0, "d", "")]);
        assert!(labels.windows(2).all(|pair| pair[1].0 - pair[0].0 >= LABEL - 1e-9));
        assert_eq!(labels.iter().map(|label| label.1).collect::<Vec<_>>(), ["c", "a", "b", "d"]);
    }

    #[test]
    fn any_text_is_well_formed() {
        let chart = Chart {
            title: "a < b & \"c\"".into(),
            x_title: "<x>".into(),
            y_title: "]]>".into(),
            x_ticks: vec![1.0, 10.0],
            x_log: true,
            y_log: true,
            lines: vec![Line::Points("p".into(), vec![(1.0, 2.0)]), Line::Level("l".into(), 3.0)],
        };
        roxmltree::Document::parse(&chart.to_svg()).unwrap();
    }
}
