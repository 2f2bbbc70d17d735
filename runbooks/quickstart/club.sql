-- What the rowing club knows of its boats.
CREATE TABLE boats (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO boats (name) VALUES ('Heron'), ('Coot'), ('Grebe');
