import Tensors

/// What makes the noise in a `soundscapes` sentence.
public enum SoundNoun: String, CaseIterable, Sendable {
    /// A sine.
    case beep
    /// The partials of a struck bar, dying away.
    case ding
    /// From a quarter of an octave below its pitch to a quarter above and back.
    case siren
    /// An octave down.
    case sweep
    /// A tone with its harmonics.
    case hum
    /// Five milliseconds of noise.
    case click
    /// White noise.
    case burst

    public var hasPitch: Bool { self != .click && self != .burst }
    public var hasLength: Bool { self != .click }
}

/// What a sentence says about how long each sound lasts; unsaid leaves it open.
public enum SoundLength: String, CaseIterable, Sendable {
    case short, long

    /// Seconds.
    public var seconds: ClosedRange<Double> { self == .short ? 0.12...0.25 : 0.5...0.9 }
    /// Of a click.
    static let click = 0.005
}

/// What a sentence says about how high a sound is; unsaid leaves it open.
public enum SoundPitch: String, CaseIterable, Sendable {
    case low, high

    public var hertz: ClosedRange<Double> { self == .low ? 200...400 : 1200...2400 }
    public static let any = 200.0...2400.0
}

/// What happens to the loudness from the first sound to the last.
public enum SoundFade: String, CaseIterable, Sendable {
    case `in` = "fading in"
    case out = "fading out"

    /// Between the first moment and the last.
    static let decibels = 20.0
}

/// One sound, once or several times: `a short high beep`, `three clicks`.
public struct SoundEvent: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 4.
    public let count: Int
    public let length: SoundLength?
    public let pitch: SoundPitch?
    public let noun: SoundNoun

    private static let counts = ["a", "two", "three", "four"]

    public init(_ count: Int, _ noun: SoundNoun, length: SoundLength? = nil, pitch: SoundPitch? = nil) {
        require(
            (1...4).contains(count) && (length == nil || noun.hasLength) && (pitch == nil || noun.hasPitch),
            "SoundEvent: \(count) of \(noun), \(length?.rawValue ?? "any") length, \(pitch?.rawValue ?? "any") pitch")
        self.count = count
        self.length = length
        self.pitch = pitch
        self.noun = noun
    }

    public var description: String {
        ([Self.counts[count - 1], length?.rawValue, pitch?.rawValue, noun.rawValue + (count > 1 ? "s" : "")] as [String?])
            .compactMap { $0 }.joined(separator: " ")
    }

    init?(_ text: String) {
        var words = text.split(separator: " " as Character, omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2, let count = Self.counts.firstIndex(of: words.removeFirst()) else { return nil }
        var last = words.removeLast()
        if count > 0 {
            guard last.hasSuffix("s") else { return nil }
            last.removeLast()
        }
        guard let noun = SoundNoun(rawValue: last) else { return nil }
        let length = words.first.flatMap(SoundLength.init(rawValue:))
        if length != nil { words.removeFirst() }
        let pitch = words.first.flatMap(SoundPitch.init(rawValue:))
        if pitch != nil { words.removeFirst() }
        guard words.isEmpty, length == nil || noun.hasLength, pitch == nil || noun.hasPitch else { return nil }
        self.init(count + 1, noun, length: length, pitch: pitch)
    }

    /// All of the grammar, 196.
    public static let all: [SoundEvent] = SoundNoun.allCases.flatMap { noun in
        (1...4).flatMap { count in
            ([nil] + (noun.hasLength ? SoundLength.allCases.map { $0 } : [])).flatMap { (length: SoundLength?) in
                ([nil] + (noun.hasPitch ? SoundPitch.allCases.map { $0 } : [])).map { (pitch: SoundPitch?) in
                    SoundEvent(count, noun, length: length, pitch: pitch)
                }
            }
        }
    }

    /// The least that it takes, seconds, silences between included.
    var leastSeconds: Double {
        let once = noun.hasLength ? (length ?? .short).seconds.lowerBound : SoundLength.click
        return Double(count) * once + Double(count - 1) * SoundscapeScene.silences.lowerBound
    }
}

/// A sentence of the `soundscapes` data set.
///
///     EVENT[, then EVENT][ fading in| fading out]
///     EVENT = (a|two|three|four) [short|long] [low|high] NOUN[s]
///
/// Two events are never of the same noun, which a listener could not tell from one event. A single click has no time to fade, and of a
/// single ding nobody could tell its fading from its dying away.
public struct SoundscapeCaption: Hashable, Sendable, CustomStringConvertible {
    /// One or two.
    public let events: [SoundEvent]
    public let fade: SoundFade?

    /// Nil where no sound of four seconds can be so.
    public init?(_ events: [SoundEvent], _ fade: SoundFade? = nil) {
        guard (1...2).contains(events.count), Set(events.map(\.noun)).count == events.count else { return nil }
        if fade != nil, events.count == 1, events[0].count == 1, [.click, .ding].contains(events[0].noun) { return nil }
        guard Self.leastSeconds(events) <= SoundscapeScene.room else { return nil }
        self.events = events
        self.fade = fade
    }

    /// The least that events take, seconds, the silences between them included.
    static func leastSeconds(_ events: [SoundEvent]) -> Double {
        events.reduce(Double(events.count - 1) * SoundscapeScene.silences.lowerBound) { $0 + $1.leastSeconds }
    }

    public var description: String {
        events.map(\.description).joined(separator: ", then ") + (fade.map { " " + $0.rawValue } ?? "")
    }

    /// Reads a sentence back; nil where it is not one of the grammar's.
    public init?(_ text: String) {
        let fade = SoundFade.allCases.first { text.hasSuffix(" " + $0.rawValue) }
        let told = text.dropLast(fade.map { $0.rawValue.count + 1 } ?? 0)
        var parts: [SoundEvent] = []
        for part in told.split(separator: ", then ", omittingEmptySubsequences: false) {
            guard let event = SoundEvent(String(part)) else { return nil }
            parts.append(event)
        }
        self.init(parts, fade)
    }
}
