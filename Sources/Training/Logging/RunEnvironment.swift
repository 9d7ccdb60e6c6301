import Glibc
import Tensors

/// The machine and the program of a run, for `env.json`: what a reader needs to judge or repeat its numbers.
///
/// No host name, user, path or date.
public struct RunEnvironment: Sendable {
    public var version: String
    public var processor: String
    /// Processors this process may use.
    public var cores: Int
    public var memoryBytes: Int
    public var system: String
    public var swift: String
    /// What the numeric floors chose at run time: kernels, BLAS core, precision.
    public var kernels: [(name: String, value: String)]

    /// - Parameter kernels: for example `("kernels", "avx512")`, `("openblas", "SkylakeX")`.
    public init(version: String, kernels: [(name: String, value: String)] = []) {
        self.init(
            version: version, kernels: kernels, cpuInfo: Self.text(of: "/proc/cpuinfo"),
            status: Self.text(of: "/proc/self/status"), osRelease: Self.text(of: "/etc/os-release"))
    }

    package init(
        version: String, kernels: [(name: String, value: String)], cpuInfo: String, status: String, osRelease: String
    ) {
        self.version = version
        self.kernels = kernels
        processor = Self.field("model name", of: cpuInfo, separator: ":") ?? "unknown"
        cores =
            Self.field("Cpus_allowed_list", of: status, separator: ":").flatMap(Self.count)
            ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryBytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        system = Self.field("PRETTY_NAME", of: osRelease, separator: "=") ?? "Linux"
        #if compiler(>=6.4)
            swift = "6.4 or later"
        #elseif compiler(>=6.3)
            swift = "6.3"
        #elseif compiler(>=6.2)
            swift = "6.2"
        #else
            swift = "6.1"
        #endif
    }

    public var json: String {
        func text(_ value: String) -> String { ConfigurationValue(.string(value)).json() }
        var members = [
            ("version", text(version)), ("processor", text(processor)), ("cores", "\(cores)"),
            ("memory_bytes", "\(memoryBytes)"), ("system", text(system)), ("swift", text(swift)),
        ]
        members += kernels.map { ($0.name, text($0.value)) }
        return "{\n" + members.map { "  \(text($0.0)): \($0.1)" }.joined(separator: ",\n") + "\n}\n"
    }

    /// The number of processors in a list such as `0-3,8`.
    private static func count(_ list: String) -> Int? {
        var count = 0
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    private static func field(_ name: String, of text: String, separator: Character) -> String? {
        for line in text.split(separator: "\n") {
            guard let cut = line.firstIndex(of: separator) else { continue }
            guard line[..<cut].split(whereSeparator: \.isWhitespace).joined(separator: " ") == name else { continue }
            let value = line[line.index(after: cut)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return value.hasPrefix("\"") && value.hasSuffix("\"") && value.count > 1
                ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }

    private static func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }
}
