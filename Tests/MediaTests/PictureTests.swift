import Media
import Tensors
import Testing

@Suite struct PictureTests {
    @Test(arguments: [
        ("gray1", 1), ("gray2", 1), ("gray8", 1), ("palette", 3), ("palette-clear", 4), ("gray-alpha", 4),
        ("rgba", 4),
        ("rgb16", 3), ("interlaced", 3),
    ])
    func `every kind of PNG decodes to its samples`(name: String, channels: Int) throws {
        let picture = try Picture.read(Fixtures.path(name + ".png"))
        #expect(picture.width == 13 && picture.height == 9 && picture.channels == channels)
        expectClose(picture.pixels, try Fixtures.bytes(name + ".raw"), levels: 0)
    }

    @Test(arguments: [("color", 3), ("progressive", 3), ("gray", 1)])
    func `JPEG decodes as Pillow does`(name: String, channels: Int) throws {
        let picture = try Picture.read(Fixtures.path(name + ".jpg"))
        #expect(picture.width == 37 && picture.height == 29 && picture.channels == channels)
        expectClose(picture.pixels, try Fixtures.bytes(name + ".raw"), levels: 1)
    }

    @Test(arguments: 1...8)
    func `EXIF orientation turns a picture upright`(orientation: Int) throws {
        let picture = try Picture.read(Fixtures.path("turned\(orientation).jpg"))
        #expect(picture.width == (orientation < 5 ? 13 : 9))
        expectClose(picture.pixels, try Fixtures.bytes("turned\(orientation).raw"), levels: 1)
    }

    @Test func `a CMYK picture is refused with a word`() throws {
        let path = Fixtures.path("cmyk.jpg")
        let error = #expect(throws: InputError.self) { try Picture.read(path) }
        #expect(error?.description.contains("CMYK") == true && error?.place == path)
    }

    @Test func `a truncated PNG or JPEG is an error, wherever it is cut`() throws {
        for name in ["interlaced.png", "palette.png", "color.jpg", "progressive.jpg"] {
            let bytes = try Fixtures.bytes(name)
            for count in stride(from: 0, to: bytes.count - 2, by: 7) {
                #expect(throws: InputError.self) { try Picture.decode(Array(bytes[..<count]), from: name) }
            }
        }
    }

    @Test func `a small file that claims to be huge is refused`() throws {
        var bytes = try Fixtures.bytes("gray8.png")
        bytes.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
        #expect(throws: InputError.self) { try Picture.decode(bytes, from: "huge.png") }
    }

    @Test func `missing files, folders and other formats are named`() {
        #expect(throws: InputError.self) { try Picture.read("/nowhere/a.png") }
        #expect(throws: InputError.self) { try Picture.read(Fixtures.root) }
        let error = #expect(throws: InputError.self) {
            try Picture.decode([0x47, 0x49, 0x46], from: "a.png")
        }
        #expect(
            error?.description == "a.png: is neither PNG nor JPEG; expected a PNG or JPEG file; "
                + "found a file that begins with 47 49 46")
    }

    @Test(arguments: [1, 3, 4])
    func `PNG comes back exactly, with its texts, and is stable`(channels: Int) throws {
        var generator = KeyedGenerator(1, UInt64(channels))
        let pixels = (0..<23 * 17 * channels).map { _ in UInt8(generator.below(256)) }
        let picture = Picture(width: 23, height: 17, channels: channels, pixels: pixels)
        let text = [("prompt", "ein Käse für 寿司 🧀"), ("seed", "7"), ("empty", "")]
        let bytes = picture.png(text: text)
        #expect(try Picture.decode(bytes, from: "x") == picture)
        #expect(picture.png(text: text) == bytes)
        #expect(Picture.texts(inPNG: bytes).map(\.0) == text.map(\.0))
        #expect(Picture.texts(inPNG: bytes).map(\.1) == text.map(\.1))
    }

    @Test func `JPEG comes back nearly`() throws {
        let picture = Picture(
            width: 37, height: 29, channels: 3, pixels: try Fixtures.bytes("source-37x29x3.raw"))
        let smooth = picture.resized(width: 12, height: 9).resized(width: 48, height: 36)
        let back = try Picture.decode(smooth.jpeg(quality: 98), from: "x")
        expectClose(back.pixels, smooth.pixels, levels: 10)
        expectClose(
            try Picture.decode(smooth.gray.jpeg(quality: 98), from: "x").pixels, smooth.gray.pixels, levels: 6
        )
    }

    @Test func `files are told by their first bytes, not their names`() throws {
        try Fixtures.withFolder { folder in
            try Fixtures.write(try Fixtures.bytes("color.jpg"), to: folder + "/a.png")
            #expect(try Picture.read(folder + "/a.png").width == 37)
            let picture = Picture(width: 2, height: 1, filledWith: [1, 2, 3])
            try picture.write(to: folder + "/b.png")
            #expect(try Picture.read(folder + "/b.png") == picture)
            try picture.write(to: folder + "/c.jpg")
            #expect(try Picture.read(folder + "/c.jpg").width == 2)
            #expect(throws: InputError.self) { try picture.write(to: folder + "/none/d.png") }
        }
    }

    @Test func `transparency is laid on white and gray becomes RGB`() {
        let clear = Picture(
            width: 3, height: 1, channels: 4, pixels: [10, 20, 30, 0, 10, 20, 30, 255, 0, 100, 255, 51])
        #expect(clear.rgb.pixels == [255, 255, 255, 10, 20, 30, 204, 224, 255])
        #expect(Picture(width: 2, height: 1, channels: 1, pixels: [7, 9]).rgb.pixels == [7, 7, 7, 9, 9, 9])
        #expect(Picture(width: 1, height: 1, filledWith: [255, 0, 0]).gray.pixels == [76])
    }

    @Test func `cropping keeps the rectangle`() {
        let picture = Picture(width: 4, height: 3, channels: 1, pixels: Array(0..<12))
        #expect(picture.cropped(x: 1, y: 1, width: 2, height: 2).pixels == [5, 6, 9, 10])
        #expect(picture.centerSquare.pixels == [0, 1, 2, 4, 5, 6, 8, 9, 10])
        #expect(picture.flippedHorizontally.pixels == [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8])
    }

    @Test(arguments: Resampling.allCases, ["11x7x3", "50x41x3", "16x40x3", "16x13x1"])
    func `resizing agrees with Pillow to one level`(filter: Resampling, size: String) throws {
        let shape = size.split(separator: "x").map { Int($0)! }
        let source = Picture(
            width: 37, height: 29, channels: 3, pixels: try Fixtures.bytes("source-37x29x3.raw"))
        let blue = Picture(
            width: 37, height: 29, channels: 1,
            pixels: stride(from: 2, to: source.pixels.count, by: 3).map { source.pixels[$0] })
        let resized = (shape[2] == 1 ? blue : source).resized(width: shape[0], height: shape[1], filter)
        expectClose(resized.pixels, try Fixtures.bytes("\(filter.rawValue)-\(size).raw"), levels: 1)
    }

    @Test func `resizing weighs colors by their alpha as Pillow does`() throws {
        let source = Picture(
            width: 37, height: 29, channels: 4, pixels: try Fixtures.bytes("source-37x29x4.raw"))
        let expected = Picture(
            width: 16, height: 13, channels: 4, pixels: try Fixtures.bytes("bicubic-16x13x4.raw"))
        let resized = source.resized(width: 16, height: 13)
        // A level of rounding in a premultiplied sample grows by 255 / alpha, so what is seen is compared.
        expectClose(resized.rgb.pixels, expected.rgb.pixels, levels: 2)
    }

    @Test func `a grid places pictures and captions`() throws {
        let red = Picture(width: 4, height: 4, filledWith: [255, 0, 0])
        let gray = Picture(width: 2, height: 2, filledWith: [9])
        let sheet = Picture.grid([red, gray, red], columns: 2, padding: 1)
        #expect(sheet.width == 11 && sheet.height == 11)
        #expect(Array(sheet.pixels[0..<3]) == [255, 255, 255])
        #expect(sheet[1, 1, 1] == 0 && sheet[4, 4, 1] == 0 && sheet[5, 1, 1] == 255)
        #expect(sheet[7, 2, 0] == 9 && sheet[8, 3, 0] == 9 && sheet[6, 2, 0] == 255 && sheet[9, 3, 0] == 255)
        #expect(sheet[1, 6, 1] == 0 && sheet[6, 6, 1] == 255)
        let labelled = Picture.grid([red], columns: 1, padding: 0, scale: 10, captions: ["a b c d e f g h"])
        #expect(labelled.width == 40 && labelled.height == 40 + 3 * 10)
        #expect((42..<49).contains { labelled[1, $0, 0] == 0 })
    }

    @Test func `every character of the alphabet is drawn, and no two alike`() {
        var seen: Set<[UInt8]> = []
        for code in UInt8(32)...126 {
            var cell = Picture(width: 6, height: 9, filledWith: [255])
            cell.draw(String(UnicodeScalar(code)), x: 0, y: 0, color: [0])
            #expect(seen.insert(cell.pixels).inserted, "\(UnicodeScalar(code))")
        }
    }
}
