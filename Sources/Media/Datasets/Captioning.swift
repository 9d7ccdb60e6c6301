import Tensors

/// Pictures whose captions are what is to be said of them.
public struct Captioning: Dataset {
    public let base: any Dataset

    public init(_ base: any Dataset) { self.base = base }

    public var count: Int { base.count }
    public var classNames: [String] { base.classNames }
    public var remarks: [String] { base.remarks }

    public func example(_ index: Int, epoch: Int) throws -> Example { try Self.saying(base.example(index, epoch: epoch)) }

    public func words(_ index: Int, epoch: Int) throws -> Example { try Self.saying(base.words(index, epoch: epoch)) }

    private static func saying(_ example: Example) -> Example {
        var example = example
        example.text = example.text ?? example.caption
        example.caption = nil
        return example
    }
}
