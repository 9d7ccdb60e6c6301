/// The first thing, in the order of the cases, in which a recording differs from a sentence.
public enum SoundscapesMismatch: String, CaseIterable, Sendable {
    /// No clean sounds between silences.
    case scene
    /// Events too many or too few, or of other nouns, or in another order.
    case noun
    /// Sounds too many or too few in an event.
    case count
    case length, pitch, fade
}

/// Reads a recording by signal analysis and says whether a sentence is true of it: every word, and nothing more to be heard.
public enum SoundscapesChecker {
    public static func matches(_ sound: Sound, _ caption: String) -> Bool {
        SoundscapeCaption(caption).map { mismatch(sound, $0) == nil } ?? false
    }

    /// What makes a sentence untrue of the recording; nil where it is true.
    public static func mismatch(_ sound: Sound, _ caption: SoundscapeCaption) -> SoundscapesMismatch? {
        guard let heard = SoundscapeReading(sound) else { return .scene }
        return heard.mismatch(with: caption)
    }
}

/// What is heard in a recording.
public struct SoundscapeReading {
    /// Forgiven in lengths, seconds (a vocoder smears the end more than the beginning), and in pitches, as a factor.
    private static let slack = (shorter: 0.05, longer: 0.1, pitch: 1.12)
    /// Repeats are alike: the longest is at most so much longer than the shortest, seconds, and the highest so much higher, as a factor.
    private static let unlike = (seconds: 0.15, pitch: 1.15)

    /// Sounds in order, those of one noun together.
    private let groups: [[SoundSegment]]

    /// Nil where there are no clean sounds between silences: nothing as loud as the data are, numbers that are none, another length than
    /// four seconds, or a sound that is of no noun.
    public init?(_ sound: Sound) {
        let loudest = sound.samples.reduce(0) { max($0, abs($1)) }
        guard sound.samples.allSatisfy({ $0.isFinite }), loudest > 0.05, abs(sound.seconds - SoundscapeScene.seconds) < 0.1 else {
            return nil
        }
        let segments = SoundAnalysis(sound).segments
        guard !segments.isEmpty, segments.allSatisfy({ $0.noun != nil }) else { return nil }
        var groups: [[SoundSegment]] = []
        for segment in segments {
            if groups.last?.last?.noun == segment.noun {
                groups[groups.count - 1].append(segment)
            } else {
                groups.append([segment])
            }
        }
        self.groups = groups
    }

    /// What makes a sentence untrue of what is heard; nil where it is true.
    public func mismatch(with caption: SoundscapeCaption) -> SoundscapesMismatch? {
        let slack = Self.slack
        guard groups.map({ $0[0].noun }) == caption.events.map(\.noun) else { return .noun }
        var found: Set<SoundscapesMismatch> = []
        for (event, sounds) in zip(caption.events, groups) {
            if sounds.count != event.count { found.insert(.count) }
            if event.noun.hasLength {
                let wanted = event.length.map { [$0] } ?? SoundLength.allCases
                let right = sounds.allSatisfy { sound in
                    wanted.contains {
                        sound.seconds >= $0.seconds.lowerBound - slack.shorter
                            && sound.seconds <= $0.seconds.upperBound + slack.longer
                    }
                }
                let lengths = sounds.map(\.seconds)
                if !right || lengths.max()! - lengths.min()! > Self.unlike.seconds { found.insert(.length) }
            }
            if event.noun.hasPitch {
                let wanted = event.pitch?.hertz ?? SoundPitch.any
                let bounds = wanted.lowerBound / slack.pitch...wanted.upperBound * slack.pitch
                let pitches = sounds.map(\.pitch)
                if !pitches.allSatisfy(bounds.contains) || pitches.max()! / pitches.min()! > Self.unlike.pitch {
                    found.insert(.pitch)
                }
            }
        }
        if fade != caption.fade { found.insert(.fade) }
        return SoundscapesMismatch.allCases.first(where: found.contains)
    }

    /// Loudness against time on one line for all, each noun at a height of its own.
    private var fade: SoundFade? {
        var (shared, spread) = (0.0, 0.0)
        for group in groups {
            let levels = group.flatMap(\.levels)
            guard levels.count > 1 else { continue }
            let time = levels.reduce(0) { $0 + $1.time } / Double(levels.count)
            let loudness = levels.reduce(0) { $0 + $1.decibels } / Double(levels.count)
            for level in levels {
                shared += (level.time - time) * (level.decibels - loudness)
                spread += (level.time - time) * (level.time - time)
            }
        }
        guard spread > 0, let first = groups.first?.first, let last = groups.last?.last else { return nil }
        let change = shared / spread * (last.start + last.seconds - first.start)
        if abs(change) < SoundFade.decibels / 2 { return nil }
        return change > 0 ? .in : .out
    }
}
