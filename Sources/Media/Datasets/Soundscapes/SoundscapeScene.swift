import Glibc
import Tensors

/// Sounds in four seconds: what a `soundscapes` recording holds.
public struct SoundscapeScene: Sendable, Equatable {
    /// One sound; the repeats of an event differ in their beginning alone.
    public struct Tone: Sendable, Equatable {
        public let noun: SoundNoun
        /// Seconds.
        public let start: Double
        public let seconds: Double
        /// Hertz, the middle of what moves; 0 for noise.
        public let pitch: Double

        public init(_ noun: SoundNoun, start: Double, seconds: Double, pitch: Double) {
            self.noun = noun
            self.start = start
            self.seconds = seconds
            self.pitch = pitch
        }
    }

    public static let rate = 22_050
    /// Of every recording.
    public static let seconds = 4.0
    /// From the first sound's beginning to the last one's end at most.
    static let room = 3.8
    /// Between one sound and the next, seconds.
    static let silences = 0.25...0.4
    /// Peaks, decibels of full scale.
    static let peaks = -12.0 ... -3.0

    public let tones: [Tone]
    public let fade: SoundFade?
    /// Decibels of full scale.
    public let peak: Double
    /// Which noise is in clicks and bursts.
    let noise: UInt64

    public init(tones: [Tone], fade: SoundFade? = nil, peak: Double = -6, noise: UInt64 = 0) {
        require(
            tones.allSatisfy { $0.start >= 0 && $0.seconds > 0 && (0..<Tone.highest).contains($0.pitch) },
            "SoundscapeScene: \(tones)")
        self.tones = tones
        self.fade = fade
        self.peak = peak
        self.noise = noise
    }

    /// Draws lengths, pitches, silences and a beginning that fit a sentence.
    public init(drawing caption: SoundscapeCaption, with generator: inout KeyedGenerator) {
        func between(_ range: ClosedRange<Double>) -> (least: Double, more: Double) {
            (range.lowerBound, generator.uniform() * (range.upperBound - range.lowerBound))
        }
        // Everything is drawn as its least and a rest; where all that is too long, every rest is shortened alike.
        var plans: [Plan] = []
        var least = SoundscapeCaption.leastSeconds(caption.events)
        for event in caption.events {
            var length = (least: SoundLength.click, more: 0.0)
            if event.noun.hasLength {
                let longer = Double(event.count) * (SoundLength.long.seconds.lowerBound - SoundLength.short.seconds.lowerBound)
                var told = event.length ?? .short
                if event.length == nil, generator.below(2) == 1, least + longer <= Self.room {
                    told = .long
                    least += longer
                }
                length = between(told.seconds)
            }
            let hertz = event.pitch?.hertz ?? SoundPitch.any
            let pitch = event.noun.hasPitch ? hertz.lowerBound * pow(hertz.upperBound / hertz.lowerBound, generator.uniform()) : 0
            plans.append(
                Plan(event: event, length: length, pitch: pitch, silences: (0..<event.count).map { _ in between(Self.silences) }))
        }
        func total(_ share: Double) -> Double {
            var sum = 0.0
            for plan in plans {
                sum += Double(plan.event.count) * (plan.length.least + share * plan.length.more)
                for silence in plan.silences { sum += silence.least + share * silence.more }
            }
            // No silence follows the last sound.
            let last = plans.last!.silences.last!
            return sum - last.least - share * last.more
        }
        let share = total(1) <= Self.room ? 1 : (Self.room - total(0)) / (total(1) - total(0))
        var time = 0.05 + generator.uniform() * (Self.seconds - 0.1 - total(share))
        var tones: [Tone] = []
        for plan in plans {
            let seconds = plan.length.least + share * plan.length.more
            for silence in plan.silences {
                tones.append(Tone(plan.event.noun, start: time, seconds: seconds, pitch: plan.pitch))
                time += seconds + silence.least + share * silence.more
            }
        }
        let peak = Self.peaks.lowerBound + generator.uniform() * (Self.peaks.upperBound - Self.peaks.lowerBound)
        self.init(tones: tones, fade: caption.fade, peak: peak, noise: generator.next())
    }

    private struct Plan {
        let event: SoundEvent
        let length: (least: Double, more: Double)
        let pitch: Double
        let silences: [(least: Double, more: Double)]
    }

    /// The recording, one channel.
    public var sound: Sound {
        let rate = Double(Self.rate)
        var samples = [Float](repeating: 0, count: Int(Self.seconds * rate))
        guard let first = tones.first, let last = tones.last else { return Sound(rate: Self.rate, samples: samples) }
        let span = last.start + last.seconds - first.start
        for (number, tone) in tones.enumerated() {
            var generator = KeyedGenerator(noise, UInt64(number))
            let wave = tone.wave(&generator)
            let loudest = wave.map { abs($0) }.max() ?? 1
            let start = Int((tone.start * rate).rounded())
            for i in wave.indices where start + i < samples.count {
                let passed = (Double(i) / rate + tone.start - first.start) / span
                let quieter: Double =
                    switch fade {
                    case nil: 0
                    case .in: SoundFade.decibels * (passed - 1)
                    case .out: -SoundFade.decibels * passed
                    }
                samples[start + i] = Float(wave[i] / loudest * pow(10, quieter / 20))
            }
        }
        let scale = Float(pow(10, peak / 20)) / max(samples.map { abs($0) }.max() ?? 1, 1e-6)
        return Sound(rate: Self.rate, samples: samples.map { $0 * scale })
    }
}

extension SoundscapeScene.Tone {
    /// Frequencies and strengths of what sounds together, in parts of the pitch: of a sawtooth, the first six.
    static let harmonics = (1...6).map { (Double($0), 1 / Double($0)) }
    /// A free bar's (Fletcher and Rossing 1998, section 2.17).
    static let bar = [(1.0, 1.0), (2.756, 0.6), (5.404, 0.35)]
    /// Highest partial that is sounded.
    static let highest = 7000.0
    /// From the beginning of a ding to its end, decibels.
    static let decay = 15.0

    fileprivate func wave(_ generator: inout KeyedGenerator) -> [Double] {
        let rate = Double(SoundscapeScene.rate)
        let count = max(1, Int((seconds * rate).rounded()))
        // Edges without a click, but for clicks.
        let edge = noun == .click ? 1 : min(count / 4, Int(0.01 * rate))
        let partials = (noun == .hum ? Self.harmonics : noun == .ding ? Self.bar : [(1, 1)]).filter {
            $0.0 * pitch < Self.highest
        }
        var phase = 0.0
        return (0..<count).map { i in
            let passed = Double(i) / Double(count)
            let rise = min(1, Double(min(i + 1, count - i)) / Double(edge))
            let envelope = rise == 1 ? 1 : 0.5 - 0.5 * cos(.pi * rise)
            guard noun.hasPitch else { return envelope * (2 * generator.uniform() - 1) }
            phase += 2 * .pi * pitch * bend(passed) / rate
            return partials.enumerated().reduce(0) { sum, partial in
                // Higher partials of a bell die away sooner.
                let fall = noun == .ding ? pow(10, -Self.decay * (1 + 0.5 * Double(partial.offset)) * passed / 20) : 1
                return sum + envelope * partial.element.1 * fall * sin(partial.element.0 * phase)
            }
        }
    }

    /// How far from its pitch a sound is when this share of it has passed.
    private func bend(_ passed: Double) -> Double {
        switch noun {
        case .siren: pow(2, 0.25 - abs(passed - 0.5))
        case .sweep: pow(2, 0.5 - passed)
        default: 1
        }
    }
}
