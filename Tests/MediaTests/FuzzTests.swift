import Foundation
import Media
import Tensors
import Testing

/// Files damaged at random: each gives a result or an `InputError`, and never ends the process.
@Suite struct FuzzTests {
    /// Flips, overwrites, inserts, removes or cuts a few places.
    private func mutated(_ bytes: [UInt8], _ generator: inout KeyedGenerator) -> [UInt8] {
        var out = bytes
        for _ in 0..<generator.within(1...4) where !out.isEmpty {
            let at = generator.below(out.count)
            switch generator.below(6) {
            case 0: out[at] ^= 1 << UInt8(generator.below(8))
            case 1: out[at] = UInt8(generator.below(256))
            case 2: out[at] = [0, 0x7F, 0x80, 0xFF][generator.below(4)]
            case 3: out.insert(contentsOf: out[at..<min(out.count, at + generator.within(1...16))], at: at)
            case 4: out.removeSubrange(at..<min(out.count, at + generator.within(1...16)))
            default: if generator.below(8) == 0 { out.removeSubrange(at...) }
            }
        }
        return out
    }

    private func survive(_ bytes: [UInt8], seed: UInt64, read: ([UInt8]) throws -> Void) -> (
        read: Int, refused: Int
    ) {
        var generator = KeyedGenerator(seed)
        var (good, refused) = (0, 0)
        for _ in 0..<10_000 {
            do {
                try read(mutated(bytes, &generator))
                good += 1
            } catch {
                #expect(error is InputError)
                refused += 1
            }
        }
        return (good, refused)
    }

    @Test(arguments: ["palette-clear.png", "interlaced.png"])
    func `a damaged PNG is a picture or an error`(name: String) throws {
        let counts = survive(try Fixtures.bytes(name), seed: 1) { bytes in
            _ = try Picture.decode(bytes, from: name)
            _ = Picture.texts(inPNG: bytes)
        }
        #expect(counts.refused > 5000)
    }

    /// libpng refuses wrong checksums first, so the checksums are made right again to reach what lies behind.
    @Test func `a damaged PNG with right checksums is a picture or an error`() throws {
        let counts = survive(try Fixtures.bytes("interlaced.png"), seed: 2) { bytes in
            _ = try Picture.decode(rechecked(bytes), from: "x.png")
        }
        #expect(counts.refused > 2000)
    }

    @Test(arguments: ["turned6.jpg", "progressive.jpg"])
    func `a damaged JPEG is a picture or an error`(name: String) throws {
        let counts = survive(try Fixtures.bytes(name), seed: 3) { _ = try Picture.decode($0, from: name) }
        #expect(counts.refused > 1000 && counts.read > 100)
    }

    @Test(arguments: ["wav", "flac", "ogg", "mp3"]) func `a damaged sound is a sound or an error`(kind: String) throws {
        let noise = Noise(seed: 7).uniform([2, 400]).values.map { $0 - 0.5 }
        let bytes =
            try SoundFormat(rawValue: kind).map { try Sound(rate: 22_050, channels: 2, samples: noise).encoded($0) }
            ?? Fixtures.bytes("beep.mp3")
        // libmpg123 complains of every broken frame on its own.
        let errors = dup(2)
        if kind == "mp3" { dup2(open("/dev/null", O_WRONLY), 2) }
        let counts = survive(bytes, seed: 8) { _ = try Sound.decode($0, from: kind) }
        dup2(errors, 2)
        close(errors)
        #expect(counts.refused > 100 && counts.read > 100, "\(counts)")
    }

    /// Kinds of files that are read though never written. RF64 with a chunk that reaches to the end of numbers asks for a place beyond them.
    @Test func `damaged sounds of other kinds are sounds or errors`() throws {
        for name in ["tone.aiff", "tone.caf", "tone.w64", "tone.rf64", "tone.au"] {
            let bytes = try Fixtures.bytes(name)
            #expect(try Sound.decode(bytes, from: name).frames == 60, "\(name)")
            let counts = survive(bytes, seed: 9) { _ = try Sound.decode($0, from: name) }
            #expect(counts.refused > 50 && counts.read > 100, "\(name) \(counts)")
        }
        var beyond = try Fixtures.bytes("tone.rf64")
        for at in 28..<35 { beyond[at] = 0xFF }
        beyond[35] = 0x7F
        #expect((try? Sound.decode(beyond, from: "x"))?.frames ?? 60 == 60)
    }

    @Test func `damaged metadata is rows or an error`() throws {
        let text = """
            {"file_name":"pictures/1f600.png","text":"grinning face","names":{"en":"grinning face","ja":"にっこり笑う"},"n":1e3}
            {"file_name":"pictures/1f601.png","text":"beaming \\u00e9 face","keywords":{"en":["beam","face"]},"x":[null,true]}

            """
        let lines = survive(Array(text.utf8), seed: 4) { _ = try Metadata(bytes: $0, path: "metadata.jsonl") }
        #expect(lines.refused > 2000 && lines.read > 500)
        let table = "file_name,text,more\r\na.png,\"he said \"\"hi\"\",\ntwice\",1\r\nb.png,plain,2\r\n"
        let rows = survive(Array(table.utf8), seed: 5) { _ = try Metadata(bytes: $0, path: "metadata.csv") }
        #expect(rows.refused > 1000 && rows.read > 500)
    }

    @Test func `a damaged CIFAR batch is examples or an error`() throws {
        let batch = [UInt8](repeating: 5, count: 2 * 3073)
        let counts = survive(batch, seed: 6) { bytes in
            let data = try CIFAR10(batches: [(bytes, "batch")])
            for index in 0..<data.count { _ = try data.example(index, epoch: 0) }
        }
        #expect(counts.refused > 2000 && counts.read > 500)
    }

    private func rechecked(_ png: [UInt8]) -> [UInt8] {
        var out = png
        var at = 8
        while at + 12 <= out.count {
            let length = out[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            guard at + 12 + length <= out.count else { break }
            var sum: UInt32 = 0xFFFF_FFFF
            for byte in out[(at + 4)..<(at + 8 + length)] {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
            }
            sum = ~sum
            for k in 0..<4 { out[at + 8 + length + k] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * k)) }
            at += 12 + length
        }
        return out
    }
}
