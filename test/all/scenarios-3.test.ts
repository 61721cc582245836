import { playPart } from './rooms.ts'

await playPart('scenarios', 3, 6)
