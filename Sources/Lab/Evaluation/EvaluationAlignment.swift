import Media
import Systems
import Tensors

extension Evaluation {
    /// Share of captions that an exact checker reads back from the picture, or hears in the sound, and what keeps it from the others.
    func alignment(_ system: any GenerativeSystem) throws -> [Result] {
        switch system.medium {
        case .picture:
            let captions = try captions(data == DataSection.singles ? DataSection.singles : "shapes")
            return try alignment(system, captions) { ShapesChecker.mismatch($0.picture!, $1) }
        case .sound:
            return try alignment(system, captions("soundscapes")) { sample, caption in
                SoundscapesChecker.mismatch(sample.sound!, SoundscapeCaption(caption)!)
            }
        case .point: throw InputError("has no sentences", at: model, expected: "a model of pictures or sounds")
        }
    }

    private func captions(_ kind: String) throws -> [String] {
        try DataSection.captions(kind, split: split, count: count, seed: seed)
    }

    private func alignment<Mismatch: RawRepresentable & CaseIterable & Equatable>(
        _ system: any GenerativeSystem, _ captions: [String], _ mismatch: (Sample, String) -> Mismatch?
    ) throws -> [Result] where Mismatch.RawValue == String {
        let samples = try draw(system, captions)
        try writeGrid(samples, captions)
        let faults = zip(samples, captions).map { mismatch($0, $1) }
        func share(_ name: String, _ among: (Mismatch?) -> Bool, _ text: String) -> Result {
            let found = faults.count(where: among)
            return Result(name: name, value: Double(found) / Double(faults.count), text: "\(found) of \(faults.count)\(text)")
        }
        let verb = system.medium == .sound ? "heard" : "drawn"
        return [share("alignment", { $0 == nil }, " \(split) captions \(verb) right")]
            + Mismatch.allCases.filter { faults.contains($0) }.map { fault in
                share("wrong-\(fault.rawValue)", { $0 == fault }, "")
            }
    }
}
