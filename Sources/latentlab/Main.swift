import ArgumentParser
import LatentLab

@main
struct LatentLabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latentlab", abstract: "A latent-diffusion laboratory for pictures, sound and sentences.")
}
