import Foundation
import Lab
import Testing

@Suite struct ReportTests {
    private func page() -> String {
        var report = Report(title: "digits <masked>", subtitle: "20,000 steps")
        report.add(.facts([("loss", "0.41 ± 0.02"), ("parameters", "1.2 M")]))
        report.add(.heading("Training"))
        var chart = LineChart(title: "Loss", xLabel: "step")
        chart.series = [.init("train", [(0, 2), (100, 1)])]
        report.add(.chart(chart.drawing, caption: "smoothed"))
        report.add(.picture(png: [137, 80, 78, 71, 13], caption: "samples \"seed 0\""))
        report.add(.sound(wav: Array("RIFF".utf8), caption: "dog barks"))
        report.add(.table(columns: ["steps", "note"], rows: [["25", "a & b"], ["100", "–"]], caption: "ablation"))
        report.add(.listing("train: {steps: 1}\n<b>", caption: "resolved.yaml"))
        return report.html
    }

    @Test func `the page needs nothing from elsewhere and escapes what it is given`() {
        let html = page()
        let addresses = html.components(separatedBy: "http").dropFirst()
        #expect(addresses.allSatisfy { $0.hasPrefix("://www.w3.org/2000/svg\"") })  // a name, never fetched
        for word in ["<script", "<link", "@import", "url("] { #expect(!html.contains(word)) }
        #expect(html.contains("<title>digits &lt;masked&gt;</title>"))
        #expect(html.contains("prefers-color-scheme:dark"))
        #expect(html.contains("src=\"data:image/png;base64,iVBORw0=\""))
        #expect(html.contains("src=\"data:audio/wav;base64,UklGRg==\""))
        #expect(html.contains("<td class=\"number\">25</td><td>a &amp; b</td>"))
        #expect(html.contains("<pre>train: {steps: 1}\n&lt;b&gt;</pre>"))
    }

    @Test func `every tag that opens closes in order`() {
        var open: [String] = []
        let void: Set = ["meta", "img", "!doctype"]
        for part in page().components(separatedBy: "<").dropFirst() {
            let tag = part.prefix { $0 != ">" }
            let name = String(
                tag.prefix { !$0.isWhitespace && $0 != "/" || $0 == "/" && tag.first == "/" && $0 == tag.first })
            if name.hasPrefix("/") {
                #expect(open.popLast() == String(name.dropFirst()))
            } else if !void.contains(name.lowercased()), !tag.hasSuffix("/") {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test func `bytes of every length survive base 64`() throws {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8(($0 * 97 + 31) & 255) }
            var report = Report(title: "x")
            report.add(.picture(png: bytes))
            let text = try #require(report.html.components(separatedBy: "base64,").last?.prefix { $0 != "\"" })
            #expect(Data(base64Encoded: String(text)) == Data(bytes))
        }
    }
}
