// swift-tools-version: 6.1
import PackageDescription

// A package of somebody else's that depends on LatentLab: `make dependent` builds and runs it.
let package = Package(
    name: "Ring",
    dependencies: [.package(name: "LatentLab", path: "../..")],
    targets: [.executableTarget(name: "ring", dependencies: [.product(name: "LatentLab", package: "LatentLab")])],
    swiftLanguageModes: [.v6]
)
