/// Which sentences of `soundscapes` training never sees.
///
/// Events: 29 of the 196 combinations of count, length, pitch and noun, those whose numbers sum to 0 modulo 7 as weighed below; they occur
/// in no sentence of two events of either split. Two events: six of the 42 ordered pairs of nouns.
public enum SoundscapesSplit {
    public static func isHeldOut(_ event: SoundEvent) -> Bool {
        let length = event.length.map { SoundLength.allCases.firstIndex(of: $0)! + 1 } ?? 0
        let pitch = event.pitch.map { SoundPitch.allCases.firstIndex(of: $0)! + 1 } ?? 0
        return (event.count + length + 4 * pitch + number(event.noun)) % 7 == 0
    }

    public static func isHeldOut(_ first: SoundNoun, _ second: SoundNoun) -> Bool {
        (number(first) + 2 * number(second)) % 7 == 3
    }

    private static func number(_ noun: SoundNoun) -> Int { SoundNoun.allCases.firstIndex(of: noun)! }

    /// The split that a sentence belongs to; nil for two events one of which is held out, which neither has.
    public static func split(of caption: SoundscapeCaption) -> Split? {
        let held = caption.events.map(isHeldOut)
        if caption.events.count == 1 { return held[0] ? .heldOut : .train }
        if held.contains(true) { return nil }
        return isHeldOut(caption.events[0].noun, caption.events[1].noun) ? .heldOut : .train
    }

    private static let fades: [SoundFade?] = [nil] + SoundFade.allCases

    private static func told(_ events: [[SoundEvent]], _ split: Split) -> [SoundscapeCaption] {
        events.flatMap { events in fades.compactMap { SoundscapeCaption(events, $0) } }.filter { self.split(of: $0) == split }
    }

    /// Every sentence of one event.
    public static func singleCaptions(_ split: Split) -> [SoundscapeCaption] { told(SoundEvent.all.map { [$0] }, split) }

    /// Every sentence of two events that fits into four seconds.
    public static func pairCaptions(_ split: Split) -> [SoundscapeCaption] { pairs[split]! }

    private static let pairs: [Split: [SoundscapeCaption]] = {
        let events = SoundEvent.all.filter { !isHeldOut($0) }
        let nouns = SoundNoun.allCases.flatMap { first in SoundNoun.allCases.map { (first, $0) } }
        return Dictionary(
            uniqueKeysWithValues: Split.allCases.map { split in
                let own = nouns.filter { isHeldOut($0.0, $0.1) == (split == .heldOut) }
                let pairs = own.flatMap { first, second in
                    events.filter { $0.noun == first }.flatMap { a in events.filter { $0.noun == second }.map { [a, $0] } }
                }
                return (split, told(pairs, split))
            })
    }()
}
