import Foundation
import FoundationXML
import Lab
import Testing

@Suite struct DrawingTests {
    /// Red channel of a drawing at one pixel a point.
    private func red(_ drawing: Drawing) -> [[UInt8]] {
        let picture = drawing.pixels(scale: 1)
        return (0..<picture.height).map { row in
            (0..<picture.width).map { picture.rgb[(row * picture.width + $0) * 3] }
        }
    }

    @Test func `areas cover pixels by the share that lies inside`() {
        var drawing = Drawing(width: 4, height: 3)
        drawing.add(.area([Spot(1, 1), Spot(2.5, 1), Spot(2.5, 2.5), Spot(1, 2.5)], .rgb(0, 0, 0)))
        #expect(red(drawing) == [[255, 255, 255, 255], [255, 0, 128, 255], [255, 128, 191, 255]])
    }

    @Test func `opacity mixes with what lies below and a line crossing itself is painted once`() {
        var drawing = Drawing(width: 5, height: 5)
        drawing.add(
            .line([Spot(-5, 2.5), Spot(10, 2.5), Spot(2.5, 2.5), Spot(2.5, -5)], .rgb(0, 0, 0), width: 1, opacity: 0.5))
        let half: UInt8 = 128
        #expect(
            red(drawing) == [
                [255, 255, half, 255, 255], [255, 255, half, 255, 255], [half, half, half, half, half],
                [255, 255, 255, 255, 255], [255, 255, 255, 255, 255],
            ])
    }

    @Test func `dashes leave gaps of four after five`() {
        var drawing = Drawing(width: 18, height: 1)
        drawing.add(.line([Spot(0, 0.5), Spot(11, 0.5), Spot(18, 0.5)], .rgb(0, 0, 0), width: 1, dashed: true))
        let dark = red(drawing)[0].map { $0 < 10 }
        #expect(
            dark == [
                true, true, true, true, true, false, false, false, false, true, true, true, true, true, false, false,
                false, false,
            ])
    }

    @Test func `every letter looks different and is not the box for unknown ones`() {
        let letters =
            "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~±·²°→≤≥µαβεσλθΔπ∞漢"
        var seen: [[UInt8]: Character] = [:]
        for letter in letters {
            var drawing = Drawing(width: 16, height: 24)
            drawing.add(.text(String(letter), at: Spot(2, 16), size: 16))
            let pixels = drawing.pixels(scale: 2).rgb
            if let twin = seen[pixels] { Issue.record("\(letter) looks like \(twin)") }
            seen[pixels] = letter
        }
    }

    @Test func `upward text is the same ink turned`() {
        func dark(upward: Bool) -> Int {
            var drawing = Drawing(width: 60, height: 60)
            drawing.add(.text("Fpq", at: Spot(30, 30), size: 12, anchor: .middle, upward: upward))
            return drawing.pixels(scale: 2).rgb.reduce(0) { $0 + 255 - Int($1) }
        }
        #expect(dark(upward: false) > 1000)
        #expect(abs(dark(upward: true) - dark(upward: false)) * 100 < dark(upward: false))
    }

    @Test func `SVG is well-formed whatever the texts hold`() {
        var drawing = Drawing(width: 10, height: 10, description: "a \"b\" <c> & \u{1}")
        drawing.add(.text("x < y && \"z\" \u{2}", at: Spot(1, 1), size: 3, upward: true))
        drawing.add(.line([Spot(.nan, 1), Spot(1, .infinity)], .series(11), width: 1, opacity: 0.25, dashed: true))
        drawing.add(.disc(Spot(1, 2), radius: 0.125, .paper))
        drawing.add(.area([Spot(0, 0), Spot(1, -0.001), Spot(0, 1)], .rgb(255, 0, 10)))
        #expect(XMLParser(data: Data(drawing.svg.utf8)).parse())
        #expect(drawing.svg.contains("<polygon points=\"0,0 1,0 0,1\" style=\"fill:#ff000a\"/>"))
        #expect(drawing.svg.contains("x &lt; y &amp;&amp; &quot;z&quot;"))
    }
}
