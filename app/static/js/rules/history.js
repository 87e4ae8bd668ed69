// What the rules were before each change. Typing in one field is one change.
const MOST = 200

export class History {
  constructor(root) {
    this.root = root
    this.past = []
    this.future = []
    this.field = null
  }

  // Call it before the change. `field`: where somebody types; null for whatever is done at once.
  keep(field = null) {
    if (field === null || field !== this.field) {
      this.past.push(JSON.stringify(this.root))
      this.past.splice(0, this.past.length - MOST)
      this.future = []
    }
    this.field = field
  }

  undo() { return this.#step(this.past, this.future) }
  redo() { return this.#step(this.future, this.past) }

  #step(from, to) {
    this.field = null
    if (!from.length) return false
    to.push(JSON.stringify(this.root))
    this.root = JSON.parse(from.pop())
    return true
  }
}
