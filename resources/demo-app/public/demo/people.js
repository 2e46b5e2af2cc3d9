// The presence list: who is here, and who is typing.

const typingFor = 1800;

export class People {
  constructor(self) {
    this.self = self;
    this.members = new Map();
    this.typists = new Map();
    this.list = document.getElementById('people');
  }

  replace(members) {
    this.members = new Map(members.map((member) => [member.id, member]));
    this.show();
  }

  add(member) {
    this.members.set(member.id, member);
    this.show();
  }

  remove(member) {
    this.members.delete(member.id);
    this.show();
  }

  /** Marks a member as typing until nothing was heard of it for a while. */
  typing(id) {
    clearTimeout(this.typists.get(id));
    this.typists.set(id, setTimeout(() => {
      this.typists.delete(id);
      this.show();
    }, typingFor));
    this.show();
  }

  show() {
    this.list.replaceChildren(...[...this.members.values()].map((member) => this.row(member)));
    document.getElementById('people-count').textContent = this.members.size;

    const names = [...this.typists.keys()].map((id) => this.members.get(id)?.name).filter(Boolean);
    document.getElementById('typing').textContent = names.length ? `${names.join(', ')} is typing…` : '';
  }

  row(member) {
    const row = document.createElement('li');
    row.dataset.id = member.id;
    row.toggleAttribute('data-typing', this.typists.has(member.id));

    const who = document.createElement('span');
    who.className = 'who';
    who.append(member.name);

    if (member.id === this.self.id) {
      const you = document.createElement('small');
      you.textContent = ' you';
      who.append(you);
    }

    const dots = document.createElement('span');
    dots.className = 'dots';
    dots.textContent = '•••';

    row.append(face(member.name), who, dots);

    return row;
  }
}

/** A round picture with the first letter of a name, coloured by the whole of it. */
export function face(name) {
  const picture = document.createElement('span');
  picture.className = 'face';
  picture.textContent = [...name][0]?.toUpperCase() ?? '?';
  picture.style.setProperty('--hue', [...name].reduce((hue, letter) => (hue * 137 + letter.codePointAt(0) * 29) % 360, 7));
  picture.ariaHidden = 'true';

  return picture;
}
