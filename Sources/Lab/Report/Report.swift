/// One self-contained page about a run: curves, samples, tables, configuration. Nothing is loaded from elsewhere.
///
///     var report = Report(title: "digits-masked", subtitle: "masked diffusion, 20,000 steps")
///     report.add(.heading("Training"))
///     report.add(.chart(lossChart.drawing))
///     let html = report.html
public struct Report: Sendable {
    public enum Block: Sendable {
        case heading(String)
        case text(String)
        /// A few figures that matter most, shown large.
        case facts([(name: String, value: String)])
        case chart(Drawing, caption: String = "")
        case picture(png: [UInt8], caption: String = "")
        case sound(wav: [UInt8], caption: String = "")
        case table(columns: [String], rows: [[String]], caption: String = "")
        /// Long text as it stands, such as the resolved configuration; folded when `open` is false.
        case listing(String, caption: String, open: Bool = false)
    }

    public var title: String
    public var subtitle: String
    public private(set) var blocks: [Block] = []

    public init(title: String, subtitle: String = "") {
        self.title = title
        self.subtitle = subtitle
    }

    public mutating func add(_ block: Block) { blocks.append(block) }

    public var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(escapedMarkup(title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        <h1>\(escapedMarkup(title))</h1>
        \(subtitle.isEmpty ? "" : "<p class=\"subtitle\">\(escapedMarkup(subtitle))</p>")
        \(blocks.map(markup).joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }

    private func markup(_ block: Block) -> String {
        switch block {
        case .heading(let text): return "<h2>\(escapedMarkup(text))</h2>"
        case .text(let text): return "<p>\(escapedMarkup(text))</p>"
        case .facts(let facts):
            let items = facts.map { "<div><dt>\(escapedMarkup($0.name))</dt><dd>\(escapedMarkup($0.value))</dd></div>" }
            return "<dl>\(items.joined())</dl>"
        case .chart(let drawing, let caption): return figure(drawing.svg, caption)
        case .picture(let png, let caption):
            return figure(
                "<img alt=\"\(escapedMarkup(caption))\" src=\"data:image/png;base64,\(base64(png))\">", caption)
        case .sound(let wav, let caption):
            return figure("<audio controls src=\"data:audio/wav;base64,\(base64(wav))\"></audio>", caption)
        case .table(let columns, let rows, let caption): return table(columns, rows, caption)
        case .listing(let text, let caption, let open):
            return "<details\(open ? " open" : "")><summary>\(escapedMarkup(caption))</summary>"
                + "<pre>\(escapedMarkup(text))</pre></details>"
        }
    }

    private func figure(_ content: String, _ caption: String) -> String {
        "<figure>\(content)\(caption.isEmpty ? "" : "<figcaption>\(escapedMarkup(caption))</figcaption>")</figure>"
    }

    /// Columns of numbers are set flush right.
    private func table(_ columns: [String], _ rows: [[String]], _ caption: String) -> String {
        let numeric = columns.indices.map { column in
            rows.allSatisfy { row in
                guard row.indices.contains(column), let first = row[column].split(separator: " ").first else {
                    return true
                }
                return Double(first) != nil || first == "–"
            }
        }
        func cells(_ row: [String], _ tag: String) -> String {
            row.enumerated().map { index, text in
                let side = numeric.indices.contains(index) && numeric[index] ? " class=\"number\"" : ""
                return "<\(tag)\(side)>\(escapedMarkup(text))</\(tag)>"
            }.joined()
        }
        let body = rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n")
        let note = caption.isEmpty ? "" : "<caption>\(escapedMarkup(caption))</caption>"
        return
            "<div class=\"wide\"><table>\(note)<thead><tr>\(cells(columns, "th"))</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
    }

    private static let style = """
        :root{--text:#1f2328;--muted:#5f6770;--line:#e2e6ea;--paper:#fff;--soft:#f6f8fa}
        @media(prefers-color-scheme:dark){:root{--text:#e6edf3;--muted:#9198a1;--line:#30363d;--paper:#0d1117;--soft:#161b22}}
        body{margin:0;background:var(--paper);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        main{max-width:760px;margin:0 auto;padding:32px 20px 64px}
        h1{font-size:28px;line-height:1.2;margin:0}
        h2{font-size:19px;margin:40px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--line)}
        .subtitle,figcaption,caption,dt{color:var(--muted)}
        .subtitle{margin:6px 0 24px}
        figure{margin:16px 0}
        figure svg,figure img{max-width:100%;height:auto;display:block}
        figure img{image-rendering:pixelated;border-radius:4px}
        figcaption,caption{font-size:14px;text-align:left;padding:6px 0}
        dl{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
        dl div{flex:1 1 130px;background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
        dt{font-size:13px}
        dd{margin:0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
        th,td{padding:6px 12px 6px 0;text-align:left;border-bottom:1px solid var(--line)}
        th{font-weight:600}
        .number{text-align:right}
        details{margin:12px 0;border:1px solid var(--line);border-radius:8px}
        summary{cursor:pointer;padding:10px 14px}
        pre{margin:0;padding:12px 14px;overflow-x:auto;background:var(--soft);border-top:1px solid var(--line);font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
        """
}

/// Standard base 64 with padding.
func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        var group: UInt32 = 0
        for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
        for index in 0..<4 {
            out.append(index <= count ? alphabet[Int(group >> UInt32(18 - 6 * index)) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: out, as: UTF8.self)
}
