extension Drawing {
    /// A whole SVG document that follows the light or dark preference of the page; also fit for inlining in HTML.
    public var svg: String {
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 \(brief(width)) \(brief(height))" \
            width="\(brief(width))" height="\(brief(height))" role="img" aria-label="\(escapedMarkup(description))">
            <style>\(style)</style>

            """
        for mark in marks { out += element(mark) + "\n" }
        return out + "</svg>\n"
    }

    private var style: String {
        var inks: [Ink] = [.text, .muted, .grid, .paper]
        inks += (0..<Palette.seriesCount).map(Ink.series)
        func variables(dark: Bool) -> String {
            ".plot{" + inks.map { "--\(name($0)):\(hex($0, dark: dark))" }.joined(separator: ";") + "}"
        }
        return variables(dark: false) + "@media(prefers-color-scheme:dark){" + variables(dark: true) + "}"
            + ".plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-variant-numeric:tabular-nums}"
            + ".plot polyline{fill:none;stroke-linejoin:round;stroke-linecap:round}"
    }

    private func element(_ mark: Mark) -> String {
        switch mark {
        case .line(let spots, let ink, let width, let opacity, let dashed):
            let dash = dashed ? " stroke-dasharray=\"5 4\"" : ""
            return
                "<polyline points=\"\(points(spots))\" style=\"stroke:\(paint(ink))\" stroke-width=\"\(brief(width))\""
                + "\(fading("stroke-opacity", opacity))\(dash)/>"
        case .area(let spots, let ink, let opacity):
            return
                "<polygon points=\"\(points(spots))\" style=\"fill:\(paint(ink))\"\(fading("fill-opacity", opacity))/>"
        case .disc(let spot, let radius, let ink):
            return
                "<circle cx=\"\(brief(spot.x))\" cy=\"\(brief(spot.y))\" r=\"\(brief(radius))\" style=\"fill:\(paint(ink))\"/>"
        case .text(let text, let spot, let size, let anchor, let ink, let bold, let upward):
            let turn = upward ? " transform=\"rotate(-90 \(brief(spot.x)) \(brief(spot.y)))\"" : ""
            return "<text x=\"\(brief(spot.x))\" y=\"\(brief(spot.y))\" font-size=\"\(brief(size))\""
                + (anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\"") + (bold ? " font-weight=\"600\"" : "")
                + turn
                + " style=\"fill:\(paint(ink))\">\(escapedMarkup(text))</text>"
        }
    }

    private func points(_ spots: [Spot]) -> String {
        spots.map { "\(brief($0.x)),\(brief($0.y))" }.joined(separator: " ")
    }

    private func fading(_ attribute: String, _ opacity: Double) -> String {
        opacity < 1 ? " \(attribute)=\"\(brief(opacity))\"" : ""
    }

    private func paint(_ ink: Ink) -> String {
        if case .rgb = ink { return hex(ink, dark: false) }
        return "var(--\(name(ink)))"
    }

    private func name(_ ink: Ink) -> String {
        switch ink {
        case .text: "text"
        case .muted: "muted"
        case .grid: "grid"
        case .paper: "paper"
        case .series(let index): "s\(index % Palette.seriesCount)"
        case .rgb: ""
        }
    }

    private func hex(_ ink: Ink, dark: Bool) -> String {
        let (red, green, blue) = Palette.colour(ink, dark: dark)
        return "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// At most two decimals, no trailing zeros.
func brief(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "0" }
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
}

/// Text that is safe inside elements and attributes of SVG and HTML.
func escapedMarkup(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": out += "\u{FFFD}"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}
