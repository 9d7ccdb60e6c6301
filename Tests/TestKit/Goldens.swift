import Tensors

/// Fixtures that an independent peer made; the script that made each lies beside it.
public enum Goldens {
    /// This file is Tests/TestKit/Goldens.swift.
    private static let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
        separator: "/")

    /// Path of a file in `Tests/Goldens`.
    public static func path(_ name: String) -> String { tests + "/Goldens/" + name }

    public static func open(_ name: String) throws -> SafetensorsFile { try SafetensorsFile(path(name)) }
}

/// `[B, C, H, W]` of a peer to our `[B, H, W, C]`.
public func channelsLast(_ x: Tensor) -> Tensor { x.permuted([0, 2, 3, 1]) }
