import Tensors

/// A table of numbers as colours: two swept quantities, an attention map, code usage.
public struct HeatMap: Sendable {
    public var title: String
    /// One name a row; empty for none.
    public var rows: [String]
    public var columns: [String]
    public var rowLabel: String
    public var columnLabel: String
    /// `values[row][column]`; NaN leaves a cell blank.
    public var values: [[Double]]
    public var width = 720.0

    public init(
        title: String, rowLabel: String = "", columnLabel: String = "", rows: [String] = [], columns: [String] = [],
        values: [[Double]]
    ) {
        let count = values.first?.count ?? 0
        require(values.allSatisfy { $0.count == count }, "HeatMap: rows of unequal length")
        require(rows.isEmpty || rows.count == values.count, "HeatMap: \(rows.count) names, \(values.count) rows")
        require(columns.isEmpty || columns.count == count, "HeatMap: \(columns.count) names, \(count) columns")
        self.title = title
        self.rowLabel = rowLabel
        self.columnLabel = columnLabel
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    public var drawing: Drawing {
        let size = ChartFrame.labelSize
        let across = max(1, values.first?.count ?? 0)
        func widest(_ names: [String]) -> Double { names.map { Drawing.width(of: $0, size: size) }.max() ?? 0 }
        let finite = values.joined().filter(\.isFinite)
        let axis = Axis(finite, scale: .linear, count: 4, rounding: false)
        let barRoom = 24 + max(widest(axis.ticks.map(\.label)), 24) + 10
        let nameRoom = rows.isEmpty ? 0 : min(width * 0.3, widest(rows)) + 8
        let left = ChartFrame.margin + nameRoom
        let cell = (width - left - barRoom - ChartFrame.margin) / Double(across)
        let cellHeight = max(
            min(cell, 40), min(24, 300 / Double(max(1, values.count))), 60 / Double(max(1, values.count)))
        let upright = !columns.isEmpty && widest(columns) > cell - 6
        let footer = columns.isEmpty ? 8 : upright ? min(widest(columns), 110) + 14 : 26
        let body = cellHeight * Double(max(1, values.count))
        let head = ChartFrame.margin + (title.isEmpty ? 0 : 26) + (rowLabel.isEmpty ? 0 : 18) + 4
        let height = head + body + footer + (columnLabel.isEmpty ? 8 : 26)

        var frame = ChartFrame(
            width: width, height: height, title: title,
            summary: "\(values.count) by \(across) values over \(rowLabel), \(columnLabel)")
        frame.upperLabel(rowLabel)
        let top = frame.top + 4
        let flat = alignedNumbers(values.flatMap { $0 })
        let texts = values.indices.map { Array(flat[$0 * values[0].count..<($0 + 1) * values[0].count]) }
        let written = cellHeight >= 16 && widest(texts.flatMap { $0 }) <= cell - 6
        for (row, line) in values.enumerated() {
            let y = top + cellHeight * Double(row)
            if !rows.isEmpty, cellHeight >= 13 || row % Int((13 / cellHeight).rounded(.up)) == 0 {
                let name = Drawing.fitted(rows[row], size: size, room: nameRoom - 8)
                frame.add(.text(name, at: Spot(left - 8, y + cellHeight / 2 + 4), size: size, anchor: .end))
            }
            for (column, value) in line.enumerated() where value.isFinite {
                let x = left + cell * Double(column)
                let ink = Palette.heat(axis.fraction(value) ?? 0)
                // A hair wider than the cell, so that no seam shows between neighbours.
                let seam = written ? -1.0 : 0.4
                frame.drawing.rectangle(x, y, cell + seam, cellHeight + seam, ink)
                if written {
                    frame.add(
                        .text(
                            texts[row][column], at: Spot(x + cell / 2, y + cellHeight / 2 + 4), size: size,
                            anchor: .middle,
                            ink: Palette.inkOn(ink)))
                }
            }
        }
        names(&frame, left, top + body, cell, upright, footer)
        colourBar(&frame, axis, top, body)
        let middle = left + cell * Double(across) / 2
        frame.add(
            .text(columnLabel, at: Spot(middle, top + body + footer + 12), size: size, anchor: .middle, ink: .muted))
        return frame.drawing
    }

    private func names(
        _ frame: inout ChartFrame, _ left: Double, _ y: Double, _ cell: Double, _ upright: Bool, _ footer: Double
    ) {
        let every = max(1, Int((14 / cell).rounded(.up)))
        for (column, name) in columns.enumerated() where !upright || column % every == 0 {
            let x = left + cell * (Double(column) + 0.5)
            let size = ChartFrame.labelSize
            if upright {
                let text = Drawing.fitted(name, size: size, room: footer - 14)
                frame.add(.text(text, at: Spot(x + 4, y + 6), size: size, anchor: .end, upward: true))
            } else {
                frame.add(.text(name, at: Spot(x, y + 17), size: size, anchor: .middle))
            }
        }
    }

    private func colourBar(_ frame: inout ChartFrame, _ axis: Axis, _ top: Double, _ body: Double) {
        let height = min(body, 220)
        let labels = axis.ticks.map { Drawing.width(of: $0.label, size: ChartFrame.labelSize) }.max() ?? 0
        let x = width - ChartFrame.margin - max(labels, 24) - 18
        let steps = 48
        for step in 0..<steps {
            let from = top + height * (1 - Double(step + 1) / Double(steps))
            frame.drawing.rectangle(
                x, from, 12, height / Double(steps) + 0.4, Palette.heat((Double(step) + 0.5) / Double(steps)))
        }
        for tick in axis.ticks {
            let y = top + height * (1 - (axis.fraction(tick.value) ?? 0))
            frame.add(
                .text(
                    tick.label, at: Spot(x + 18, min(max(y + 4, top + 9), top + height)), size: ChartFrame.labelSize,
                    ink: .muted))
        }
    }
}
