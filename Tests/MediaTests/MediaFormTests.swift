import Foundation
import Media
import Tensors
import TestKit
import Testing

@Suite struct MediaFormTests {
    private static let mel = MelSpectrogram()
    private static let form = MediaForm.spectrogram(mel, frames: 344)

    private static func tone(_ count: Int, rate: Int = 22_050, hertz: Double = 1000) -> Sound {
        Sound(rate: rate, samples: (0..<count).map { Float(0.5 * sin(2 * Double.pi * hertz * Double($0) / Double(rate))) })
    }

    private static func example(_ sound: Sound) -> Example { Example(sound: sound, name: "a sound") }

    @Test func `a spectrogram is frames of bands between -1 and 1, as the front end makes it`() throws {
        let sound = Soundscapes(count: 3).example(1).sound!
        let media = try Self.form.media(of: Self.example(sound))
        #expect(media.shape == [1, 344, 80, 1])
        let part = Sound(rate: sound.rate, samples: Array(sound.samples.prefix(344 * 256)))
        let expected = Self.mel(part).values.prefix(344 * 80).map { 2 * $0 - 1 }
        #expect(media.values == Array(expected))
        expectClose(MediaForm.values(spectrogram: media), (media.reshaped([344, 80]) + 1) * 0.5, absolute: 0)
    }

    @Test func `ten seconds give 860 whole frames`() throws {
        let ten = Self.tone(220_500)
        #expect(Self.mel(ten).shape == [862, 80])
        #expect(try MediaForm.spectrogram(Self.mel, frames: 860).media(of: Self.example(ten)).shape == [1, 860, 80, 1])
    }

    @Test func `a full sine is one bright row, silence is -1 throughout`() throws {
        let media = try Self.form.media(of: Self.example(Self.tone(88_200))).values
        let middle = Array(media[100 * 80..<101 * 80])
        let loudest = middle.indices.max { middle[$0] < middle[$1] }!
        for (band, value) in middle.enumerated() where abs(band - loudest) > 3 { #expect(value < middle[loudest] - 0.5) }
        let silence = try Self.form.media(of: Self.example(Sound(rate: 22_050, samples: [0])))
        #expect(silence.shape == [1, 344, 80, 1] && silence.values.allSatisfy { $0 == -1 })
    }

    @Test func `another rate is resampled, more channels are mixed`() throws {
        let own = try Self.form.media(of: Self.example(Self.tone(88_200)))
        let double = try Self.form.media(of: Self.example(Self.tone(176_400, rate: 44_100)))
        expectClose(own.slice(1, 4..<300), double.slice(1, 4..<300), absolute: 0.02)
        let mono = Self.tone(88_200)
        let stereo = Sound(rate: 22_050, channels: 2, samples: mono.samples.flatMap { [$0, $0] })
        expectClose(try Self.form.media(of: Self.example(stereo)), own, absolute: 1e-6)
    }

    @Test func `what is shorter is followed by silence`() throws {
        let media = try Self.form.media(of: Self.example(Self.tone(22_050))).values
        #expect(media[40 * 80..<80 * 80].contains { $0 > 0 })
        #expect(media[(100 * 80)...].allSatisfy { $0 == -1 })
    }

    @Test func `a signal is a part of the sound, another in every epoch`() throws {
        let ramp = Sound(rate: 8000, samples: (0..<5000).map { Float($0) / 5000 })
        let form = MediaForm.signal(rate: 8000, samples: 100)
        func part(_ epoch: Int) throws -> [Float] {
            try #require(try form.media(of: [Self.example(ramp)], at: [(3, epoch)])).values
        }
        let (first, again, next) = (try part(0), try part(0), try part(1))
        #expect(first == again && first != next)
        for values in [first, next] {
            let start = Int((values[0] * 5000).rounded())
            #expect(values == Array(ramp.samples[start..<start + 100]))
        }
        let short = try form.media(of: Self.example(Sound(rate: 8000, samples: [0.5])))
        #expect(short.shape == [1, 100, 1, 1] && short.values == [0.5] + [Float](repeating: 0, count: 99))
    }

    @Test func `examples without what is wanted are refused by name`() {
        for form in [Self.form, .signal(rate: 8000, samples: 10)] {
            let error = #expect(throws: InputError.self) { try form.media(of: Example(name: "seven")) }
            #expect(error?.description.contains("seven") == true)
        }
        #expect(throws: InputError.self) { try MediaForm.picture.media(of: Example(name: "seven")) }
    }

    @Test func `spectrograms are seen with time to the right and low tones at the bottom`() {
        var values = [Float](repeating: -1, count: 6)
        values[1 * 2 + 0] = 1  // frame 1 of 3, band 0 of 2
        let picture = MediaForm.seen(spectrograms: Tensor(values, [1, 3, 2, 1]))[0]
        #expect(picture.width == 3 && picture.height == 2 && picture.channels == 3)
        #expect(picture[1, 1, 0] == 255 && picture.pixels.map(Int.init).reduce(0, +) == 3 * 255)
    }
}
