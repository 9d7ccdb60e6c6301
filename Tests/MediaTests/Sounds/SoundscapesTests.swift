import Glibc
import Media
import Tensors
import Testing

@Suite struct SoundscapesTests {
    static let train = Soundscapes(count: 160, seed: 21)
    static let heldOut = Soundscapes(count: 80, split: .heldOut, seed: 22)

    @Test func `every sentence reads back, and none else is read`() {
        for split in Split.allCases {
            for caption in SoundscapesSplit.singleCaptions(split) + SoundscapesSplit.pairCaptions(split) {
                #expect(SoundscapeCaption(caption.description) == caption, "\(caption)")
            }
        }
        for text in [
            "", "a", "a beep ", "a beeps", "two beep", "five beeps", "a short click", "a low burst", "a low short beep",
            "a beep, then a low beep", "a beep then a hum", "a beep, then a hum, then a click", "a click fading in", "beep",
            "a beep fading", "a beep, then a hum fading in fading out", "four long beeps, then four long hums", "a  beep",
        ] { #expect(SoundscapeCaption(text) == nil, "\(text)") }
        #expect(SoundscapeCaption("three short low dings, then a burst fading out")?.events.count == 2)
    }

    @Test func `about 15 % is held out, and no event held out occurs in a pair`() {
        #expect(SoundEvent.all.count == 196)
        let held = SoundEvent.all.filter(SoundscapesSplit.isHeldOut)
        #expect(held.count == 29)
        for noun in SoundNoun.allCases {
            #expect(held.contains { $0.noun == noun } && SoundEvent.all.contains { $0.noun == noun && !held.contains($0) })
        }
        for count in 1...4 { #expect(held.contains { $0.count == count }) }
        let pairs = SoundNoun.allCases.flatMap { a in SoundNoun.allCases.filter { $0 != a }.map { (a, $0) } }
        #expect(pairs.count == 42 && pairs.filter { SoundscapesSplit.isHeldOut($0.0, $0.1) }.count == 6)
        for split in Split.allCases {
            for caption in SoundscapesSplit.pairCaptions(split) {
                #expect(!caption.events.contains { SoundscapesSplit.isHeldOut($0) })
                #expect(SoundscapesSplit.isHeldOut(caption.events[0].noun, caption.events[1].noun) == (split == .heldOut))
            }
        }
    }

    @Test func `captions of a split repeat only when they must, and begin alike`() {
        for split in Split.allCases {
            let captions = Soundscapes.captions(split: split, count: 150, seed: 3)
            #expect(Set(captions).count == 150 && captions.allSatisfy { SoundscapesSplit.split(of: $0) == split })
            #expect(Array(captions.prefix(40)) == Soundscapes.captions(split: split, count: 40, seed: 3))
            #expect(captions != Soundscapes.captions(split: split, count: 150, seed: 4))
            let singles = Soundscapes.captions(split: split, count: 1000, seed: 3, pairs: false)
            let all = SoundscapesSplit.singleCaptions(split)
            #expect(singles.allSatisfy { $0.events.count == 1 })
            #expect(
                Set(singles.prefix(all.count)) == Set(all)
                    && (split == .train || Set(singles.dropFirst(all.count).prefix(all.count)) == Set(all)))
        }
    }

    @Test func `recordings obey the rules of the data set`() {
        for index in 0..<Self.train.count {
            let (caption, scene) = Self.train.scene(index)
            let (first, last) = (scene.tones[0], scene.tones[scene.tones.count - 1])
            #expect(first.start >= 0.05 && last.start + last.seconds <= 3.95 + 1e-9, "\(caption)")
            #expect((-12.0 ... -3.0).contains(scene.peak) && scene.fade == caption.fade)
            for (a, b) in zip(scene.tones, scene.tones.dropFirst()) {
                #expect((0.25 - 1e-9...0.4 + 1e-9).contains(b.start - a.start - a.seconds), "\(caption)")
            }
            var tones = scene.tones[...]
            for event in caption.events {
                let own = tones.prefix(event.count)
                tones = tones.dropFirst(event.count)
                #expect(own.count == event.count && own.allSatisfy { $0.noun == event.noun && $0.pitch == own.first!.pitch })
                let (seconds, pitch) = (own.first!.seconds, own.first!.pitch)
                if event.noun.hasLength {
                    #expect((event.length.map { [$0] } ?? SoundLength.allCases).contains { $0.seconds.contains(seconds) })
                }
                #expect(event.noun.hasPitch ? (event.pitch?.hertz ?? 200...2400).contains(pitch) : pitch == 0)
            }
            #expect(tones.isEmpty)
            guard index < 60 else { continue }
            let sound = scene.sound
            #expect(sound.rate == 22_050 && sound.frames == 88_200)
            let loudest = sound.samples.map { abs($0) }.max()!
            #expect(abs(20 * log10(Double(loudest)) - scene.peak) < 1e-3, "\(caption)")
            let inside = { (t: Double) in scene.tones.contains { t >= $0.start - 1e-3 && t <= $0.start + $0.seconds + 1e-3 } }
            #expect(sound.samples.indices.allSatisfy { sound.samples[$0] == 0 || inside(Double($0) / 22_050) }, "silence between")
        }
    }

    @Test func `an example depends on seed and index alone`() {
        let again = Soundscapes(count: 50, seed: 21)
        for index in [49, 0, 17] {
            #expect(again.example(index, epoch: 5).sound == Self.train.example(index).sound)
            #expect(again.words(index, epoch: 1).caption == Self.train.example(index).caption)
            #expect(again.words(index, epoch: 1).sound == nil)
        }
        #expect(Soundscapes(count: 50, seed: 22).example(0).sound != again.example(0).sound)
        let first = Self.train.scene(3).caption.events[0]
        #expect(Self.train.classNames[Self.train.example(3).label!] == SoundEvent(first.count, first.noun).description)
    }

    /// All sentences that differ in one word and are not true of the recording as well.
    static func changed(_ caption: SoundscapeCaption, _ scene: SoundscapeScene) -> [SoundscapeCaption] {
        var found: [SoundscapeCaption?] = ([nil] + SoundFade.allCases).filter { $0 != caption.fade }.map {
            SoundscapeCaption(caption.events, $0)
        }
        var tones = scene.tones[...]
        for (place, event) in caption.events.enumerated() {
            let tone = tones.first!
            tones = tones.dropFirst(event.count)
            var others: [SoundEvent] = []
            for noun in SoundNoun.allCases where noun != event.noun {
                others.append(
                    SoundEvent(
                        event.count, noun, length: noun.hasLength ? event.length : nil, pitch: noun.hasPitch ? event.pitch : nil))
            }
            for count in 1...4 where count != event.count {
                others.append(SoundEvent(count, event.noun, length: event.length, pitch: event.pitch))
            }
            if event.noun.hasLength {
                for length in SoundLength.allCases where !length.seconds.contains(tone.seconds) {
                    others.append(SoundEvent(event.count, event.noun, length: length, pitch: event.pitch))
                }
            }
            if event.noun.hasPitch {
                // A pitch within a sixth of the named range may be told that way too.
                for pitch in SoundPitch.allCases
                where tone.pitch < pitch.hertz.lowerBound / 1.17 || tone.pitch > pitch.hertz.upperBound * 1.17 {
                    others.append(SoundEvent(event.count, event.noun, length: event.length, pitch: pitch))
                }
            }
            for other in others {
                var events = caption.events
                events[place] = other
                found.append(SoundscapeCaption(events, caption.fade))
            }
        }
        if caption.events.count == 2 {
            found += [SoundscapeCaption(caption.events.reversed(), caption.fade)]
            found += caption.events.map { SoundscapeCaption([$0], caption.fade) }
        }
        return found.compactMap { $0 }
    }

    @Test func `the checker hears every recording right and no sentence with one word changed`() {
        for data in [Self.train, Self.heldOut] {
            for index in 0..<data.count {
                let (caption, scene) = data.scene(index)
                guard let heard = SoundscapeReading(scene.sound) else {
                    Issue.record("\(caption) was not heard in \(scene)")
                    continue
                }
                let fault = heard.mismatch(with: caption)
                #expect(fault == nil, "\(caption): \(fault.map(\.rawValue) ?? "") in \(scene)")
                for wrong in Self.changed(caption, scene) where heard.mismatch(with: wrong) == nil {
                    Issue.record("\"\(wrong)\" accepted for \"\(caption)\"")
                }
            }
        }
    }

    @Test func `the checker hears through a spectrogram and Griffin-Lim`() {
        let mel = MelSpectrogram()
        let vocoder = GriffinLim(mel)
        var (right, faults) = (0, [String]())
        for index in 0..<16 {
            let (caption, scene) = Self.train.scene(index)
            let again = vocoder(mel(scene.sound), samples: 88_200, noise: Noise(seed: UInt64(index)))
            let fault = SoundscapesChecker.mismatch(again, caption)
            if fault == nil { right += 1 } else { faults.append("\(caption): \(fault!) in \(scene)") }
        }
        #expect(right >= 15, "\(right) of 16: \(faults)")
    }

    @Test func `what is no clean recording is not heard`() {
        let caption = SoundscapeCaption("a beep")!
        let silence = Sound(rate: 22_050, samples: [Float](repeating: 0, count: 88_200))
        #expect(SoundscapesChecker.mismatch(silence, caption) == .scene)
        let beep = SoundscapeScene(tones: [.init(.beep, start: 1, seconds: 0.6, pitch: 500)])
        #expect(SoundscapesChecker.mismatch(beep.sound, caption) == nil)
        #expect(SoundscapesChecker.mismatch(beep.sound, SoundscapeCaption("a low beep")!) == .pitch)
        #expect(SoundscapesChecker.mismatch(beep.sound, SoundscapeCaption("a short beep")!) == .length)
        #expect(SoundscapesChecker.mismatch(beep.sound, SoundscapeCaption("two beeps")!) == .count)
        #expect(SoundscapesChecker.mismatch(beep.sound, SoundscapeCaption("a hum")!) == .noun)
        #expect(SoundscapesChecker.mismatch(beep.sound, SoundscapeCaption("a beep fading out")!) == .fade)
        #expect(
            !SoundscapesChecker.matches(beep.sound, "an unheard-of sentence")
                && SoundscapesChecker.matches(beep.sound, "a long beep"))
        let other = SoundscapeScene(tones: [
            .init(.beep, start: 1, seconds: 0.6, pitch: 500), .init(.hum, start: 2, seconds: 0.6, pitch: 300),
        ])
        #expect(SoundscapesChecker.mismatch(other.sound, caption) == .noun)
        // Not of a length the data have.
        let odd = SoundscapeScene(tones: [.init(.beep, start: 1, seconds: 2, pitch: 500)])
        #expect(SoundscapesChecker.mismatch(odd.sound, caption) == .length)
        // Near misses, each of which some word would fit.
        func isHeard(_ seconds: Double = 4, _ wave: (Double) -> Double) -> Bool {
            let sound = Sound(rate: 22_050, samples: (0..<Int(seconds * 22_050)).map { Float(wave(Double($0) / 22_050)) })
            return SoundNoun.allCases.contains { SoundscapesChecker.matches(sound, "a \($0)") }
        }
        func sine(_ hertz: Double, _ t: Double) -> Double { 0.3 * sin(2 * Double.pi * hertz * t) }
        #expect(isHeard { (1..<1.6).contains($0) ? sine(500, $0) : 0 })
        #expect(!isHeard { (1..<1.06).contains($0) ? sine(500, $0) : 0 }, "too short for a beep, too pure for a click")
        #expect(!isHeard { (1..<1.6).contains($0) ? sine(5000, $0) : 0 }, "out of range")
        #expect(!isHeard { (1..<1.6).contains($0) ? sine(50, $0) : 0 }, "a rumble")
        #expect(!isHeard { (1..<1.6).contains($0) ? sine(300 * pow(2, ($0 - 1) / 1.2), $0) : 0 }, "a sweep that rises")
        #expect(!isHeard { (1..<1.6).contains($0) ? 0.01 * sine(500, $0) : 0 }, "too faint")
        #expect(!isHeard(8) { (1..<1.6).contains($0) ? sine(500, $0) : 0 }, "too long")
        #expect(!isHeard { (1..<1.6).contains($0) ? sine(500, $0) : ($0 < 0.5 ? Double.nan : 0) }, "no numbers")
        let unlike = SoundscapeScene(tones: [
            .init(.beep, start: 1, seconds: 0.6, pitch: 500), .init(.beep, start: 2, seconds: 0.6, pitch: 700),
        ])
        #expect(SoundscapesChecker.mismatch(unlike.sound, SoundscapeCaption("two beeps")!) == .pitch)
    }
}
