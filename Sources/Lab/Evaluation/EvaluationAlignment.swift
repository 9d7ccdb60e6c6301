import Media
import Systems
import Tensors

extension Evaluation {
    /// Share of captions that an exact checker reads back from the picture, or hears in the sound, and what keeps it from the others.
    func alignment(_ system: any GenerativeSystem) throws -> [Result] {
        switch system.medium {
        case .picture:
            return try alignment(system, captions(of: "shapes")) { ShapesChecker.mismatch($0.picture!, $1) }
        case .sound:
            return try alignment(system, captions(of: "soundscapes")) { sample, caption in
                SoundscapesChecker.mismatch(sample.sound!, SoundscapeCaption(caption)!)
            }
        case .point, .text: throw InputError("has no checker", at: model, expected: "a model of pictures or sounds")
        }
    }

    /// The data set that was asked for, where the checker can read it.
    private func captions(of readable: String) throws -> [String] {
        let kind = data.flatMap { DataSection.whole($0) == readable ? $0 : nil } ?? readable
        return try DataSection.captions(kind, split: split, count: count, seed: seed)
    }

    private func alignment<Mismatch: RawRepresentable & CaseIterable & Equatable>(
        _ system: any GenerativeSystem, _ captions: [String], _ mismatch: (Sample, String) -> Mismatch?
    ) throws -> [Result] where Mismatch.RawValue == String {
        let samples = try draw(system, captions)
        try writeGrid(samples, captions)
        let faults = zip(samples, captions).map { mismatch($0, $1) }
        let verb = system.medium == .sound ? "heard" : "drawn"
        let right = faults.count { $0 == nil }
        return [
            Result(
                name: "alignment", value: Double(right) / Double(faults.count),
                text: "\(right) of \(faults.count) \(split) captions \(verb) right")
        ] + Self.shares(of: faults.map { $0?.rawValue }, among: Mismatch.allCases.map(\.rawValue))
    }

    /// How many have which fault, of those that some have.
    static func shares(of faults: [String?], among known: [String]) -> [Result] {
        known.compactMap { fault in
            let found = faults.count { $0 == fault }
            return found == 0
                ? nil
                : Result(
                    name: "wrong-\(fault)", value: Double(found) / Double(faults.count), text: "\(found) of \(faults.count)")
        }
    }
}
