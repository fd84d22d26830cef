jasmine.getEnv().configure({random: true});
