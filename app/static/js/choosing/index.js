// data-choosing: a long menu that is searched by typing. The menu itself stays the field that is sent.
import TomSelect from 'tom-select/base'
import dropdownInput from 'tom-select/plugins/dropdown_input/plugin.js'

TomSelect.define('dropdown_input', dropdownInput)

const drawn = (option, escape) =>
  `<div><span>${escape(option.name)}</span>${option.said ? ` <span class="sub tiny">${escape(option.said)}</span>` : ''}</div>`

// For those who do not see it: the box that is typed in says what it searches, and which line is meant.
const tell = (menu, select, label) => {
  const { control, control_input: box, dropdown_content: list } = menu
  select.setAttribute('aria-hidden', 'true')
  control.querySelector('.items-placeholder').setAttribute('aria-hidden', 'true')
  for (const name of ['aria-describedby', 'aria-invalid']) {
    if (select.hasAttribute(name)) control.setAttribute(name, select.getAttribute(name))
  }
  const said = { role: 'combobox', 'aria-label': `Search: ${label}`, 'aria-autocomplete': 'list', 'aria-expanded': 'true', 'aria-controls': list.id }
  for (const [name, value] of Object.entries(said)) box.setAttribute(name, value)
  box.dataset.notKept = '' // what is searched for is no change of the form
  menu.hook('after', 'setActiveOption', () => box.setAttribute('aria-activedescendant', menu.activeOption?.id ?? ''))
}

document.querySelectorAll('select[data-choosing]').forEach(select => {
  const label = select.labels[0].textContent
  const menu = new TomSelect(select, {
    plugins: ['dropdown_input'],
    maxOptions: null,
    refreshThrottle: 0,
    searchField: ['name'],
    allowEmptyOption: true,
    render: {
      option: drawn,
      item: drawn,
      no_results: (asked, escape) => `<div class="no-results">Nothing here is called “${escape(asked.input)}”.</div>`,
    },
  })
  tell(menu, select, label)
})
