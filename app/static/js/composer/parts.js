// Small pieces of a page, made by hand: no text of a mail ever becomes HTML here.
let count = 0
export const fresh = word => `${word}-${count += 1}`

export const make = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.includes('-')) made[name] = value
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children.filter(child => child !== null))
  return made
}

export const sign = name => {
  const drawn = make('i', { className: `i ${name}` })
  drawn.setAttribute('aria-hidden', 'true')
  return drawn
}

export const press = (className, label, does, drawn = null) => {
  const button = make('button', { type: 'button', className, onclick: does }, drawn ?? label)
  if (drawn) {
    button.setAttribute('aria-label', label)
    button.title = label
  }
  return button
}

export const menu = (choices, value, properties = {}) => {
  const made = make('select', { className: 'form-select', ...properties })
  made.append(...choices.map(([key, said]) => make('option', { value: key, selected: String(key) === String(value) }, said)))
  return made
}

const words = path => path.split('.').at(-1).replaceAll('_', ' ')
export const named = path => path.startsWith('customer.') ? `customer’s ${words(path)}` : path.replaceAll('_', ' ').replaceAll('.', ' ')
