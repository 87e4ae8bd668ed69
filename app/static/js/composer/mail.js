// The blocks of a mail, every change of them, and the way back through at least 100 of these.
// A path names a block: [2] is the third, [2, 0, 1] the second in the first column of the third.
const MOST_STEPS = 100
const MERGES_WITHIN = 1200 // ms: what is typed in one go is one step

export class Mail {
  constructor(blocks, changed) {
    this.blocks = blocks
    this.changed = changed
    this.past = []
    this.future = []
    this.last = { word: '', at: 0 }
  }

  get written() { return JSON.stringify(this.blocks, null, 2) }

  list(path) {
    return path.length > 1 ? this.blocks[path[0]]?.columns?.[path[1]] : this.blocks
  }

  at(path) { return this.list(path)?.[path.at(-1)] }

  set(path, name, value) {
    this.step(`${path}.${name}`, () => { this.at(path)[name] = value })
  }

  lay(path, parts) { this.step('', () => Object.assign(this.at(path), parts)) }

  insert(path, block) { this.step('', () => this.list(path).splice(path.at(-1), 0, block)) }

  remove(path) { this.step('', () => this.list(path).splice(path.at(-1), 1)) }

  duplicate(path) {
    this.insert([...path.slice(0, -1), path.at(-1) + 1], structuredClone(this.at(path)))
  }

  // Answers where it stands afterwards: taking it out may shift the place it goes to.
  move(from, to) {
    const goal = [...to]
    this.step('', () => {
      const target = this.list(to)
      const source = this.list(from)
      const [block] = source.splice(from.at(-1), 1)
      const isSame = target === source
      if (isSame && goal.at(-1) > from.at(-1)) goal[goal.length - 1] -= 1
      target.splice(goal.at(-1), 0, block)
      if (!isSame && from.length === 1 && to.length > 1 && from[0] < to[0]) goal[0] -= 1
    })
    return goal
  }

  undo() { return this.travel(this.past, this.future) }

  redo() { return this.travel(this.future, this.past) }

  replace(blocks) { this.step('', () => { this.blocks = blocks }) }

  step(word, change) {
    const now = Date.now()
    const isSameGo = word && word === this.last.word && now - this.last.at < MERGES_WITHIN
    if (!isSameGo) {
      this.past.push(JSON.stringify(this.blocks))
      this.past.splice(0, this.past.length - MOST_STEPS)
    }
    this.future = []
    this.last = { word, at: now }
    change()
    this.changed()
  }

  travel(from, to) {
    if (!from.length) return false
    to.push(JSON.stringify(this.blocks))
    this.blocks = JSON.parse(from.pop())
    this.last = { word: '', at: 0 }
    this.changed()
    return true
  }
}
