import Media
import Tensors

extension MediaForm {
    /// What a codec takes in: the spectrogram that `sound {rate, size, hop, bands, low, high, floor, loudest, range, frames}` of its
    /// section says, or pictures where it says nothing.
    init(_ codec: Section) throws {
        guard let sound = try codec.optionalSection("sound") else {
            self = .picture
            return
        }
        let settings = try MelSettings(sound)
        self = .spectrogram(MelSpectrogram(settings), frames: try sound.int("frames", in: 1...100_000))
    }
}

extension MelSettings {
    init(_ section: Section) throws {
        self.init()
        rate = try section.int("rate", default: rate, in: 1...10_000_000)
        size = try section.int("size", default: size, in: 2...1 << 20)
        hop = try section.int("hop", default: hop, in: 1...1 << 20)
        bands = try section.int("bands", default: bands, in: 1...1 << 16)
        low = try section.number("low", default: low, in: 0...1e7)
        high = try section.number("high", default: high, in: 0...1e7)
        floor = try section.number("floor", default: floor, in: 0...1)
        loudest = try section.number("loudest", default: loudest, in: -1000...1000)
        range = try section.number("range", default: range, in: 0...1000)
        do { try check() } catch {
            throw section.error(error.place ?? "", error.what, expected: error.expected, found: error.found)
        }
    }
}
