import Media
import Systems

extension Evaluation {
    /// Share of captions that the exact checker reads back from the picture, and what keeps it from the others.
    func alignment(_ system: any GenerativeSystem) throws -> [Result] {
        let captions = try DataSection.captions(
            data == DataSection.singles ? DataSection.singles : "shapes", split: split, count: count, seed: seed)
        let pictures = try draw(system, captions)
        try writeGrid(pictures, captions)
        let faults = zip(pictures, captions).map { ShapesChecker.mismatch($0, $1) }
        func share(_ name: String, _ among: (ShapesMismatch?) -> Bool, _ text: String) -> Result {
            let found = faults.count(where: among)
            return Result(name: name, value: Double(found) / Double(faults.count), text: "\(found) of \(faults.count)\(text)")
        }
        return [share("alignment", { $0 == nil }, " \(split) captions drawn right")]
            + ShapesMismatch.allCases.filter(faults.contains).map { fault in
                share("wrong-\(fault.rawValue)", { $0 == fault }, "")
            }
    }
}
