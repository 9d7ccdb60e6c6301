import Foundation

/// A folder that lives as long as this object.
public final class TemporaryFolder {
    public let path: String

    public init() {
        var template = Array("/tmp/latentlab-test-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    /// What is in it, hidden files included.
    public var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
