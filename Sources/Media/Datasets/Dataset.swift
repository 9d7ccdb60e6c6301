/// One example of a data set; what a data set does not hold is nil.
public struct Example: Sendable {
    public var picture: Picture?
    public var sound: Sound?
    /// A small vector, for data that are not pictures.
    public var point: [Float]?
    /// What is told about it; of texts, what they are to be made from.
    public var caption: String?
    /// A sentence that is to be generated.
    public var text: String?
    /// Class, from 0.
    public var label: Int?
    /// What a person calls it: a file, an emoji, a number.
    public var name: String

    public init(
        picture: Picture? = nil, sound: Sound? = nil, point: [Float]? = nil, caption: String? = nil, text: String? = nil,
        label: Int? = nil, name: String
    ) {
        self.picture = picture
        self.sound = sound
        self.point = point
        self.caption = caption
        self.text = text
        self.label = label
        self.name = name
    }
}

/// Examples by number. Reading one is a pure function of (index, epoch), so order, threads and resuming
/// change nothing.
public protocol Dataset: Sendable {
    var count: Int { get }
    /// Names of the classes, where labels are given.
    var classNames: [String] { get }
    /// What of it is missing or left out, in words for a person.
    var remarks: [String] { get }
    /// - Parameter epoch: addresses whatever varies from one reading to the next, such as flips or the choice
    /// of a caption.
    func example(_ index: Int, epoch: Int) throws -> Example
    /// The example without its picture or sound, where that spares reading or making it.
    func words(_ index: Int, epoch: Int) throws -> Example
}

extension Dataset {
    public var classNames: [String] { [] }
    public var remarks: [String] { [] }

    /// How many names there are and which, where that is not too long.
    static func counted(_ names: [String], _ what: String) -> [String] {
        guard !names.isEmpty else { return [] }
        let shown = names.prefix(20).joined(separator: ", ")
        return ["\(names.count) \(what): \(shown)\(names.count > 20 ? ", ..." : "")"]
    }

    public func words(_ index: Int, epoch: Int) throws -> Example {
        var example = try example(index, epoch: epoch)
        example.picture = nil
        example.sound = nil
        return example
    }
}

/// Which part of a data set is meant.
public enum Split: String, Sendable, CaseIterable {
    case train
    case heldOut = "held-out"
}
