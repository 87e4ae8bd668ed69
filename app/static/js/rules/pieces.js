// The pieces that the builder is drawn with.
export const make = (tag, marks = {}, ...inside) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(marks)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (value === true) made.setAttribute(name, '')
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value)
  }
  made.append(...inside.flat(Infinity).filter(one => one !== null && one !== undefined && one !== ''))
  return made
}

export const icon = name => make('i', { class: `i i-${name}`, 'aria-hidden': 'true' })
export const said = words => make('span', {}, words)

export const button = (label, name, press, marks = {}) =>
  make('button', { class: 'btn btn-quiet btn-sm', type: 'button', onclick: press, ...marks }, icon(name), label)

export const sign = (label, name, press, marks = {}) =>
  make('button', { class: 'btn btn-quiet btn-icon btn-sm', type: 'button', 'aria-label': label, title: label, onclick: press, ...marks }, icon(name))

// `choices`: pairs of value and words. A value that is not among them is shown all the same.
export const select = (value, choices, change, marks = {}) => {
  const known = choices.some(([key]) => String(key) === String(value ?? ''))
  const all = known ? choices : [[value ?? '', value ? String(value) : '…'], ...choices]
  const made = make('select', { class: 'form-select', onchange: () => change(made.value), ...marks },
    all.map(([key, words]) => make('option', { value: key }, words)))
  made.value = value ?? ''
  return made
}

export const field = (value, change, marks = {}) => {
  const made = make('input', { class: 'form-control txt', type: 'text', autocomplete: 'off', spellcheck: 'false', oninput: () => change(made.value), ...marks })
  made.value = value ?? ''
  return made
}

// What is no number is kept as it was typed: the server says what is wrong with it.
export const numberOf = typed => {
  const word = typed.trim()
  if (word === '') return undefined
  return /^-?\d+([.]\d+)?$/.test(word) && Number.isFinite(Number(word)) ? Number(word) : word
}

export const number = (value, change, marks = {}) =>
  field(value, typed => change(numberOf(typed)), { class: 'form-control short', inputmode: 'decimal', ...marks })

const UNITS = [['m', 'minutes'], ['h', 'hours'], ['d', 'days']]

// "48h" as a number and its unit.
export const duration = (value, change, marks = {}) => {
  const [, count, unit] = /^(.*?)([mhd])?$/s.exec(value ?? '')
  let now = { count, unit: unit ?? 'd' }
  const tell = () => change(now.count.trim() ? `${now.count.trim()}${now.unit}` : undefined)
  return [
    field(count, typed => { now.count = typed; tell() }, { class: 'form-control short', inputmode: 'numeric', ...marks }),
    select(now.unit, UNITS, chosen => { now.unit = chosen; tell() }, { 'aria-label': `${marks['aria-label']}: unit`, 'data-part': `${marks['data-part']}-unit` }),
  ]
}

export const day = (value, change, marks = {}) =>
  /^(\d{4}-\d\d-\d\d)?$/.test(value ?? '')
    ? make('input', { class: 'form-control day', type: 'date', value: value ?? '', onchange: event => change(event.target.value || undefined), ...marks })
    : field(value, typed => change(typed || undefined), { class: 'form-control txt', ...marks })

// Words one by one: Enter or a comma ends one, Backspace takes the last back.
export const chips = (values, read, change, marks = {}) => {
  const box = make('span', { class: 'chips-field' })
  let held = [...values]
  const tell = () => { draw(); change(held) }
  const entry = make('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: 'add …', ...marks })
  const take = () => {
    const fresh = entry.value.split(',').map(word => word.trim()).filter(Boolean).map(read)
    entry.value = ''
    if (fresh.length) { held = [...held, ...fresh.filter(one => !held.includes(one))]; tell() }
  }
  const draw = () => box.replaceChildren(...held.map((one, n) => make('span', { class: 'chip' }, String(one),
    make('button', { type: 'button', 'aria-label': `Remove ${one}`, onclick: () => { held.splice(n, 1); tell(); entry.focus() } }, icon('x')))), entry)
  entry.addEventListener('keydown', event => {
    if (event.key === 'Enter') { event.preventDefault(); take(); entry.focus() }
    if (event.key === 'Backspace' && !entry.value && held.length) { held.pop(); tell(); entry.focus() }
  })
  entry.addEventListener('input', () => { if (entry.value.includes(',')) { take(); entry.focus() } })
  entry.addEventListener('change', take)
  draw()
  return box
}

// A list that opens below its button; arrows walk it, Escape closes it.
export const menu = (opener, items) => {
  document.querySelector('.act-menu')?.remove()
  const list = make('div', { class: 'act-menu', role: 'menu', 'aria-label': opener.getAttribute('aria-label') },
    items.filter(Boolean).map(([words, name, press]) =>
      make('button', { type: 'button', role: 'menuitem', tabindex: '-1', onclick: () => { close(); press() } }, icon(name), words)))
  const close = (focus = false) => {
    list.remove()
    opener.setAttribute('aria-expanded', 'false')
    document.removeEventListener('pointerdown', away, true)
    if (focus) opener.focus()
  }
  const away = event => { if (!list.contains(event.target) && event.target !== opener) close() }
  list.addEventListener('keydown', event => {
    const all = [...list.children]
    const here = all.indexOf(document.activeElement)
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key]
    if (to !== undefined) { event.preventDefault(); event.stopPropagation(); all.at(to % all.length).focus() }
    if (event.key === 'Escape') { event.preventDefault(); close(true) }
    if (event.key === 'Tab') close()
  })
  opener.after(list)
  opener.setAttribute('aria-expanded', 'true')
  document.addEventListener('pointerdown', away, true)
  list.firstElementChild.focus()
}
