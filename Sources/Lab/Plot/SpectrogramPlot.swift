import Foundation
import Media
import Tensors

/// Log-mel spectrograms one above the other over the same time: bright is loud, low tones are at the bottom.
public struct SpectrogramPlot: Sendable {
    public struct Panel: Sendable {
        public var title: String
        /// `[frames][bands]`, 0...1.
        public var values: [[Float]]

        /// - Parameter spectrogram: [frames, bands]
        public init(_ title: String, _ spectrogram: Tensor) {
            self.title = title
            let (flat, bands) = (spectrogram.values, spectrogram.shape2.1)
            values = stride(from: 0, to: flat.count, by: bands).map { Array(flat[$0..<$0 + bands]) }
        }
    }

    public var title: String
    public var panels: [Panel]
    public var settings: MelSettings
    /// Of the part that shows the sound, in points.
    public var width = 720.0
    public var height = 160.0

    public init(title: String = "", panels: [Panel], settings: MelSettings) {
        require(!panels.isEmpty, "SpectrogramPlot: no panels")
        self.title = title
        self.panels = panels
        self.settings = settings
    }

    public var drawing: Drawing {
        let frames = max(1, panels.map(\.values.count).max() ?? 1)
        let seconds = Double(frames * settings.hop) / Double(settings.rate)
        let axis = Axis([0, seconds], scale: .linear, count: 8, rounding: false)
        let pitches = self.pitches
        let left = ChartFrame.margin + (pitches.map { Drawing.width(of: $0.label, size: ChartFrame.labelSize) }.max() ?? 0) + 8
        let head = ChartFrame.margin + (title.isEmpty ? 0 : 26)
        let step = height + 26
        var frame = ChartFrame(
            width: left + width + ChartFrame.margin + 8, height: head + step * Double(panels.count) + 34, title: title,
            summary: "spectrograms of " + panels.map(\.title).joined(separator: ", "))
        for (i, panel) in panels.enumerated() {
            let top = head + step * Double(i) + 22
            let area = PlotArea(left: left, right: left + width, top: top, bottom: top + height)
            frame.add(.text(panel.title, at: Spot(left, top - 7), size: ChartFrame.labelSize))
            draw(panel, of: frames, in: area, &frame)
            for pitch in pitches {
                frame.add(
                    .text(
                        pitch.label, at: Spot(left - 8, area.y(pitch.place) + 4), size: ChartFrame.labelSize, anchor: .end,
                        ink: .muted))
            }
            guard i == panels.count - 1 else { continue }
            for tick in axis.ticks {
                guard let share = axis.fraction(tick.value) else { continue }
                frame.add(
                    .text(
                        tick.label + " s", at: Spot(area.x(share), area.bottom + 18), size: ChartFrame.labelSize, anchor: .middle,
                        ink: .muted))
            }
        }
        return frame.drawing
    }

    /// Frames that share a column of pixels are shown by their mean.
    private func draw(_ panel: Panel, of frames: Int, in area: PlotArea, _ frame: inout ChartFrame) {
        frame.drawing.rectangle(area.left, area.top, area.width, area.height, Palette.heat(0))
        let columns = min(frames, Int(width))
        for column in 0..<columns {
            let range = column * frames / columns..<(column + 1) * frames / columns
            let own = range.clamped(to: 0..<panel.values.count)
            guard let bands = panel.values.first?.count, !own.isEmpty else { continue }
            let (x, cell) = (area.left + area.width * Double(column) / Double(columns), area.height / Double(bands))
            for band in 0..<bands {
                let value = own.reduce(0.0) { $0 + Double(panel.values[$1][band]) } / Double(own.count)
                guard value > 0 else { continue }
                let y = area.bottom - cell * Double(band + 1)
                frame.drawing.rectangle(x, y, area.width / Double(columns) + 0.4, cell + 0.4, Palette.heat(value))
            }
        }
    }

    /// Round frequencies and where they lie between the lowest and the highest band.
    private var pitches: [(label: String, place: Double)] {
        let (low, high) = (MelScale.mel(settings.low), MelScale.mel(settings.high))
        return [500.0, 1000, 2000, 4000, 8000, 16000].compactMap { hertz in
            let share = (MelScale.mel(hertz) - low) / (high - low)
            let place = (share * Double(settings.bands + 1) - 0.5) / Double(settings.bands)
            guard (0...0.98).contains(place) else { return nil }
            return (hertz < 1000 ? "\(Int(hertz)) Hz" : "\(Int(hertz / 1000)) kHz", place)
        }
    }
}
