// swift-tools-version: 6.1
import PackageDescription

// Floors, bottom up: a target imports only targets listed above it. CONTRIBUTING.md, "Architecture".
let package = Package(
    name: "LatentLab",
    products: [
        .library(name: "LatentLab", targets: ["LatentLab"]),
        .executable(name: "latentlab", targets: ["latentlab-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CDNNL", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary(":libgomp.so.1")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("turbojpeg")]),
        .systemLibrary(name: "CSndFile", providers: [.apt(["libsndfile1-dev"])]),
        // The OpenMP runtime that oneDNN uses is the one thread pool; its run-time library needs no compiler support.
        .target(
            name: "CKernels", dependencies: ["COpenBLAS"],
            linkerSettings: [.linkedLibrary("openblas"), .linkedLibrary(":libgomp.so.1"), .linkedLibrary("m")]),
        .target(name: "Tensors", dependencies: ["CKernels", "CDNNL"]),
        .target(name: "Networks", dependencies: ["Tensors"]),
        .target(name: "Diffusion", dependencies: ["Tensors"]),
        .target(name: "Media", dependencies: ["Tensors", "CPNG", "CJPEG", "CSndFile"]),
        .target(name: "Metrics", dependencies: ["Tensors"]),
        .target(name: "Codecs", dependencies: ["Networks", "Media"]),
        .target(name: "Denoisers", dependencies: ["Networks", "Diffusion"]),
        .target(name: "Training", dependencies: ["Networks", "Media"]),
        .target(name: "Systems", dependencies: ["Codecs", "Denoisers", "Training", "Diffusion", "Media", "Metrics"]),
        .target(name: "Lab", dependencies: ["Systems", .product(name: "Yams", package: "Yams")]),
        .target(name: "LatentLab", dependencies: ["Lab"], path: "Sources/Umbrella"),
        .executableTarget(
            name: "latentlab-cli",
            dependencies: ["LatentLab", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/latentlab"),
        .target(name: "TestKit", dependencies: ["Tensors"], path: "Tests/TestKit"),
        .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
        .testTarget(name: "CDNNLTests", dependencies: ["CDNNL"]),
        .testTarget(name: "TensorsTests", dependencies: ["TestKit"]),
        .testTarget(name: "LabTests", dependencies: ["TestKit", "Lab"]),
        .testTarget(name: "SystemsTests", dependencies: ["TestKit", "Systems"]),
        .testTarget(name: "TrainingTests", dependencies: ["TestKit", "Training"]),
        .testTarget(name: "DenoisersTests", dependencies: ["TestKit", "Denoisers"]),
        .testTarget(name: "CodecsTests", dependencies: ["TestKit", "Codecs", "Training"]),
        .testTarget(name: "CommandTests", dependencies: ["TestKit", "LatentLab", "latentlab-cli"]),
        .testTarget(name: "HouseRulesTests", dependencies: ["Lab"]),
        .testTarget(name: "MetricsTests", dependencies: ["TestKit", "Metrics"]),
        .testTarget(name: "MediaTests", dependencies: ["TestKit", "Media"]),
        .testTarget(name: "DiffusionTests", dependencies: ["TestKit", "Diffusion"]),
        .testTarget(name: "NetworksTests", dependencies: ["TestKit", "Networks"]),
    ],
    swiftLanguageModes: [.v6]
)
