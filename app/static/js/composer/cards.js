// The blocks as cards: what each says, its small form when it is chosen, and its columns with blocks inside.
import { Inputs } from './inputs.js'
import { make, menu, press, sign } from './parts.js'

const SAID = {
  columns: block => block.columns.map(column => `${column.length} ${column.length === 1 ? 'block' : 'blocks'}`).join(' · '),
  products: (block, words) => words.kinds.products.inputs[0].choices.find(([key]) => key === block.source)?.[1] ?? '',
  social: block => block.networks.map(one => one.network).join(', '),
  saved: (block, words) => words.saved.find(([id]) => id === block.media)?.[1] ?? 'not chosen yet',
  image: block => block.alt || block.src || 'no picture yet',
}
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

export class Cards {
  constructor(box, words, mail, acts) {
    Object.assign(this, { box, words, mail, acts })
    this.inputs = new Inputs(words, acts.pick)
    this.chosen = null
    this.problems = []
  }

  said(block) {
    return SAID[block.kind]?.(block, this.words) ?? block.text ?? block.size ?? ''
  }

  summary(block) {
    const parts = [make('b', {}, this.words.kinds[block.kind].label), make('span', { className: 'sub cut' }, this.said(block))]
    return block.only_if ? [...parts, make('span', { className: 'badge mute plain' }, `if ${block.only_if}`)] : parts
  }

  // Draws all of it, and puts the cursor back where it was.
  draw() {
    const focus = this.focused()
    const blocks = this.mail.blocks
    this.box.replaceChildren(this.list(blocks, []))
    if (!blocks.length) this.box.append(make('p', { className: 'sub small pad' }, 'An empty mail. Add its first block above.'))
    this.mark()
    for (const one of focus) {
      this.box.querySelector(one)?.focus({ preventScroll: true })
      if (document.activeElement !== document.body) return
    }
  }

  // Where the cursor stands, and where it goes when that is gone or off.
  focused() {
    const held = document.activeElement
    const card = this.box.contains(held) && held.closest('[data-path]')
    if (!card) return []
    const word = held.dataset.act ? `[data-act="${held.dataset.act}"]` : held.dataset.part ? `[data-part="${held.dataset.part}"]` : '[data-act=open]'
    return [word, '[data-act=open]'].map(one => `[data-path="${CSS.escape(card.dataset.path)}"] ${one}`)
  }

  list(blocks, prefix) {
    const list = make('ol', { className: 'blks', 'aria-label': prefix.length ? `Column ${prefix[1] + 1}` : 'Blocks of the mail' })
    list.dataset.list = JSON.stringify(prefix)
    list.append(...blocks.map((block, at) => this.card(block, [...prefix, at], blocks.length)))
    return list
  }

  card(block, path, count) {
    const kind = this.words.kinds[block.kind]
    const card = make('li', { className: 'blk' })
    card.dataset.path = JSON.stringify(path)
    const isChosen = same(path, this.chosen)
    card.classList.toggle('is-chosen', isChosen)
    card.append(this.head(block, kind, path, count, isChosen))
    if (isChosen) card.append(this.form(block, kind, path))
    if (block.kind === 'columns') card.append(this.columns(block, path))
    return card
  }

  head(block, kind, path, count, isChosen) {
    const place = path.at(-1)
    const act = (name, label, drawn, does, isOff = false) => {
      const button = press('btn btn-quiet btn-icon btn-sm', `${label}: ${kind.label} ${place + 1}`, does, sign(drawn))
      button.dataset.act = name
      button.disabled = isOff
      return button
    }
    const grip = act('grip', 'Move with Alt and the arrow keys, or drag', 'i-dots', () => {})
    grip.classList.add('blk-grip')
    grip.dataset.grip = ''
    const open = press('blk-open', '', () => this.acts.choose(isChosen ? null : path))
    open.append(...this.summary(block))
    open.dataset.act = 'open'
    open.setAttribute('aria-expanded', String(isChosen))
    return make('div', { className: 'blk-head' }, grip, open, make('span', { className: 'blk-do' },
      act('up', 'Up', 'i-arrow-up', () => this.acts.shift(path, -1), place === 0),
      act('down', 'Down', 'i-arrow-down', () => this.acts.shift(path, 1), place === count - 1),
      act('copy', 'Duplicate', 'i-copy', () => this.acts.duplicate(path)),
      act('remove', 'Remove', 'i-x', () => this.acts.remove(path))))
  }

  form(block, kind, path) {
    const set = name => (value, isDrawnAnew) => {
      this.mail.set(path, name, value)
      if (isDrawnAnew) this.draw()
      else this.say(path)
    }
    const take = found => this.acts.take(path, found)
    const parts = [...kind.inputs, this.words.onlyIf].map(part => this.inputs.draw(part, block[part.name], set(part.name), { take }))
    return make('div', { className: 'blk-form' }, ...parts)
  }

  columns(block, path) {
    const inside = [['', 'Add…'], ...this.words.inside.map(name => [name, this.words.kinds[name].label])]
    return make('div', { className: 'blk-columns' }, ...block.columns.map((column, at) => {
      const here = [...path, at]
      const add = menu(inside, '', { className: 'form-select form-select-sm', 'aria-label': `Add to column ${at + 1}` })
      add.onchange = () => this.acts.add(add.value, [...here, column.length])
      return make('div', { className: 'blk-column' }, this.list(column, [path[0], at]), add)
    }))
  }

  say(path) {
    const card = this.box.querySelector(`[data-path="${CSS.escape(JSON.stringify(path))}"]`)
    card?.querySelector(':scope > .blk-head .blk-open').replaceChildren(...this.summary(this.mail.at(path)))
  }

  // Problems of the reader, each at its block; `path` as in blocks[2].columns[0][1].href.
  mark(problems = this.problems) {
    this.problems = problems
    for (const old of this.box.querySelectorAll('.blk-bad')) old.remove()
    for (const one of problems) {
      const numbers = [...one.path.matchAll(/\[(\d+)\]/g)].map(found => Number(found[1]))
      const card = this.box.querySelector(`[data-path="${CSS.escape(JSON.stringify(numbers))}"]`)
      const part = one.path.split('.').at(-1)
      card?.querySelector('.blk-head')?.after(make('p', { className: 'hint-bad blk-bad' }, sign('i-alert-circle'), make('span', {}, this.named(card, part) + one.message)))
    }
  }

  named(card, part) {
    const kind = this.words.kinds[this.mail.at(JSON.parse(card.dataset.path))?.kind]
    const input = kind?.inputs.find(one => one.name === part)
    return input ? `${input.label}: ` : ''
  }
}
