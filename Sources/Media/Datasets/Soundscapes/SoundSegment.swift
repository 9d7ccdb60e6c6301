import Glibc

/// One sound between two silences, measured.
struct SoundSegment {
    /// Seconds.
    let start: Double
    let seconds: Double
    /// Nil for what none of the nouns is.
    let noun: SoundNoun?
    /// Hertz, the middle of what moves; 0 for noise.
    let pitch: Double
    /// Time and loudness in decibels well inside, the noun's own dying away taken out.
    let levels: [(time: Double, decibels: Double)]
}

/// A recording cut where it is silent.
struct SoundAnalysis {
    private static let hop = 128
    /// A moment quieter than the loudest by so many decibels is silence.
    private static let depth = 42.0
    /// Pauses shorter than this are part of a sound, seconds.
    private static let pause = 0.14
    /// Nothing in the data is between a click and the shortest sound, even where a vocoder smears it, seconds.
    private static let clickLimit = 0.085

    private let rate: Double
    private let loudness: [Double]
    /// Fine in pitch, for what is low or steady, and fine in time, for what moves fast.
    private let views: [SoundSpectra]

    init(_ sound: Sound) {
        let mono = sound.mono.resampled(to: SoundscapeScene.rate)
        rate = Double(mono.rate)
        views = [1024, 256].map { SoundSpectra(mono, size: $0, hop: Self.hop) }
        // Loudness by a far shorter window, so that edges stay where they are.
        let (samples, reach) = (mono.samples, Self.hop)
        loudness = (0..<views[0].count).map { frame in
            let own = max(0, frame * Self.hop - reach)..<max(0, min(samples.count, frame * Self.hop + reach))
            let sum = own.isEmpty ? 0 : own.reduce(0.0) { $0 + Double(samples[$1] * samples[$1]) } / Double(own.count)
            return 10 * log10(max(sum, 1e-12))
        }
    }

    /// Every sound in order.
    var segments: [SoundSegment] {
        let floor = max((loudness.max() ?? -120) - Self.depth, -70)
        var ranges: [Range<Int>] = []
        for frame in loudness.indices where loudness[frame] > floor {
            if let last = ranges.last, Double((frame - last.upperBound) * Self.hop) / rate < Self.pause {
                ranges[ranges.count - 1] = last.lowerBound..<frame + 1
            } else {
                ranges.append(frame..<frame + 1)
            }
        }
        // A crackle just above the floor is no sound of its own.
        return ranges.filter { range in loudness[range].max()! > floor + 6 }.map(segment)
    }

    private func segment(_ range: Range<Int>) -> SoundSegment {
        // The window of loudness reaches over both edges.
        let seconds = max(0, Double((range.count - 2) * Self.hop) / rate)
        let start = Double((range.lowerBound + 1) * Self.hop) / rate
        let loudest = range.max { loudness[$0] < loudness[$1] }!
        // Noise that is over at once, or a sound of some length.
        let (noun, pitch): (SoundNoun?, Double) =
            seconds < Self.clickLimit
            ? (views[1].isNoise([loudest]) ? .click : nil, 0) : kind(Array(range.dropFirst(4).dropLast(4)))
        let fall = noun == .ding ? SoundscapeScene.Tone.decay / seconds : 0
        let inner = noun == .click ? [loudest] : Array(range.dropFirst(5).dropLast(5))
        let levels = inner.map { frame in
            let time = Double(frame * Self.hop) / rate
            return (time: time, decibels: loudness[frame] + fall * (time - start))
        }
        return SoundSegment(start: start, seconds: seconds, noun: noun, pitch: pitch, levels: levels)
    }

    private func kind(_ frames: [Int]) -> (SoundNoun?, Double) {
        let tonal = views.map { $0.tonality(frames) }
        // Noise has no bin that stands out, and some of all there is.
        guard tonal.max()! > 0.25 else { return (views[0].isNoise(frames) ? .burst : nil, 0) }
        let view = tonal[1] > 1.2 * tonal[0] ? views[1] : views[0]
        let track = frames.map { log2(view.pitch($0)) }
        let n = track.count
        func middle(_ part: ArraySlice<Double>) -> Double { part.sorted()[part.count / 2] }
        let (first, last) = (middle(track[..<max(2, n / 6)]), middle(track[(n - max(2, n / 6))...]))
        let center = middle(track[(n / 2 - max(1, n / 12))...(n / 2 + max(1, n / 12))])
        // What it seems to be, and how its pitch should then bend about the middle, in octaves.
        let (noun, level, bend): (SoundNoun, Double, (Double) -> Double) =
            // Half of what the data have.
            if center - first > 0.11, center - last > 0.11 {
                (.siren, (center + (first + last) / 2) / 2, { 0.25 - abs($0 - 0.5) })
            } else if first - last > 0.4 {
                (.sweep, center, { 0.5 - $0 })
            } else {
                (.beep, middle(track[...]), { _ in 0 })
            }
        let astray =
            track.indices.reduce(0) { $0 + abs(track[$1] - level - bend((Double($1) + 4.5) / Double(n + 8))) } / Double(n)
        guard astray < 0.12 else { return (nil, 0) }
        let pitch = pow(2, level)
        guard noun == .beep else { return (noun, pitch) }
        let early = Array(frames.prefix(max(4, n / 2)))
        let (own, harmonic, bar) = (
            views[0].energy(early, pitch), views[0].energy(early, 2 * pitch), views[0].energy(early, 2.756 * pitch)
        )
        if max(harmonic, bar) < 0.03 * own { return (.beep, pitch) }
        return (harmonic > bar ? .hum : .ding, pitch)
    }
}
