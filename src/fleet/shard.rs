//! A part of a fleet, for one of several machines.

/// The `number`th of `count` parts, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 1.
    pub number: usize,
    /// The number of parts.
    pub count: usize,
}

impl Shard {
    /// Parses `2/5`.
    ///
    /// # Errors
    /// A string of another form, or a part that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write it as `NUMBER/COUNT`, counted from 1: `2/5`".to_owned();
        let (number, count) = text.split_once('/').ok_or_else(wrong)?;
        let (number, count) = (number.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
        if number == 0 || number > count { Err(wrong()) } else { Ok(Shard { number, count }) }
    }

    /// Whether the item at a position belongs to this part: every `count`th does, so that the sizes of parts differ by
    /// at most one.
    pub fn has(self, position: usize) -> bool {
        position % self.count == self.number - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn every_item_is_in_one_part() {
        for count in 1..7 {
            let parts = (1..=count).map(|number| Shard { number, count });
            let sizes: Vec<usize> = parts.map(|part| (0..20).filter(|at| part.has(*at)).count()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), 20);
            assert!(sizes.iter().max().expect("there is one") - sizes.iter().min().expect("there is one") <= 1);
        }
        assert!(["0/2", "3/2", "1", "a/b", "1/0"].iter().all(|text| Shard::parse(text).is_err()));
    }
}
