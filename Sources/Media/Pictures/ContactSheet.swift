import Tensors

extension Picture {
    /// Pictures side by side on white, row after row, each centred in a cell of the largest one's size.
    ///
    /// - Parameter scale: every picture is enlarged by this whole number, pixels staying sharp.
    /// - Parameter captions: one for each picture, set below it in up to `captionLines` lines.
    public static func grid(
        _ pictures: [Picture], columns: Int, padding: Int = 2, scale: Int = 1, captions: [String]? = nil,
        captionLines: Int = 3
    ) -> Picture {
        require(
            !pictures.isEmpty && columns > 0 && padding >= 0 && scale > 0, "grid: no pictures or no columns")
        require(
            captions.map { $0.count == pictures.count } ?? true, "grid: as many captions as pictures")
        let columns = min(columns, pictures.count)
        let cellWidth = pictures.map(\.width).max()! * scale
        let cellHeight = pictures.map(\.height).max()! * scale
        let wrapped = (captions ?? []).map {
            wrap($0, to: max(1, (cellWidth + 1) / Glyphs.advance), lines: captionLines)
        }
        let labelHeight = (wrapped.map(\.count).max() ?? 0) * Glyphs.lineHeight
        let rows = (pictures.count + columns - 1) / columns
        var sheet = Picture(
            width: columns * (cellWidth + padding) + padding,
            height: rows * (cellHeight + labelHeight + padding) + padding, filledWith: [255, 255, 255])
        for (i, picture) in pictures.enumerated() {
            let x = padding + i % columns * (cellWidth + padding)
            let y = padding + i / columns * (cellHeight + labelHeight + padding)
            let (dx, dy) = (
                (cellWidth - picture.width * scale) / 2, (cellHeight - picture.height * scale) / 2
            )
            sheet.paste(picture.rgb, x: x + dx, y: y + dy, scale: scale)
            guard captions != nil else { continue }
            for (k, line) in wrapped[i].enumerated() {
                sheet.draw(line, x: x, y: y + cellHeight + 2 + k * Glyphs.lineHeight)
            }
        }
        return sheet
    }

    /// Draws one line of text whose first character has its top left pixel at (x, y); what leaves the picture
    /// is cut.
    public mutating func draw(_ text: String, x: Int, y: Int, color: [UInt8] = [0, 0, 0]) {
        require(
            color.count == channels, "draw: a color of \(color.count) samples on \(channels) channels")
        for (k, character) in text.enumerated() {
            Glyphs.pixels(of: character) { dx, dy in
                let (px, py) = (x + k * Glyphs.advance + dx, y + dy)
                guard px >= 0, py >= 0, px < width, py < height else { return }
                for c in 0..<channels { self[px, py, c] = color[c] }
            }
        }
    }

    /// Lays a picture of the same channels into this one, enlarged by a whole number.
    mutating func paste(_ picture: Picture, x: Int, y: Int, scale: Int = 1) {
        for py in 0..<picture.height * scale {
            for px in 0..<picture.width * scale {
                for c in 0..<channels { self[x + px, y + py, c] = picture[px / scale, py / scale, c] }
            }
        }
    }
}

/// Lines of at most `width` characters, broken at spaces where possible; what does not fit ends in two dots.
private func wrap(_ text: String, to width: Int, lines limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        var word = String(word)
        if !line.isEmpty && line.count + 1 + word.count <= width {
            line += " " + word
            continue
        }
        if !line.isEmpty { lines.append(line) }
        while word.count > width {
            lines.append(String(word.prefix(width)))
            word = String(word.dropFirst(width))
        }
        line = word
    }
    if !line.isEmpty { lines.append(line) }
    guard lines.count > limit else { return lines }
    lines.removeLast(lines.count - limit)
    lines[limit - 1] = String(lines[limit - 1].prefix(max(0, width - 2))) + ".."
    return lines
}
